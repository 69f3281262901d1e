"""What a run is asked to do: everything that a resume needs, and nothing that depends on the machine."""

from __future__ import annotations

from fuzzgen.scenario.base import Frozen
from fuzzgen.scenario.rendering import Protocol
from fuzzgen.scenario.verdict import BEHAVIORS, Behavior, Event

__all__ = ["Plan"]


class Plan(Frozen):
    """An exploration as ordered.

    `budget` counts episodes, whatever their outcome; `max_usd` US dollars, `max_tokens` prompt and completion tokens,
    `max_time` seconds. `min_rate` is the probability above which a scenario is a trigger, `alpha` the false discovery
    rate of confirmation, `control_share` the share of explored scenarios that also run with the threat removed.
    """

    model: str
    grammars: tuple[str, ...] = ("corporate-email",)
    behaviors: tuple[Behavior, ...] = BEHAVIORS
    event: Event = "act"
    min_rate: float = 0.1
    alpha: float = 0.05
    protocol: Protocol = "tools"
    language: str = "en"
    strategy: str = "random"
    budget: int | None = 5000
    max_usd: float | None = None
    max_tokens: int | None = None
    max_time: float | None = None
    concurrency: int = 16
    seed: int = 0
    step_cap: int = 12
    control_share: float = 0.03
    confirm_cap: int = 48
    temperature: float | None = None
    api_base: str | None = None
    price: tuple[float, float] | None = None

    @property
    def lag(self) -> int:
        """How many launches a decision looks back: launch k rests on exactly the outcomes up to k - lag.

        Neither arrival times nor the number in flight can then change what is launched next (STATISTICS: order).
        """
        widest = 64 if self.budget is None or self.budget >= 512 else max(8, self.budget // 8)
        return max(widest, self.concurrency)
