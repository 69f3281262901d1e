"""What to run next: ask and tell. Knows no model."""

from collections.abc import Callable

from fuzzgen.explore.auto import Auto
from fuzzgen.explore.covering import Covering, covering_rows
from fuzzgen.explore.known import Known, known_trigger
from fuzzgen.explore.protocol import FIRES, Outcome, Proposal, Strategy
from fuzzgen.explore.quality_diversity import QualityDiversity
from fuzzgen.explore.random_stream import RandomSearch
from fuzzgen.explore.space import Draft, FactorSpace, ScenarioSpace, Space

__all__ = [
    "FIRES",
    "STRATEGIES",
    "Auto",
    "Covering",
    "Draft",
    "FactorSpace",
    "Known",
    "Outcome",
    "Proposal",
    "QualityDiversity",
    "RandomSearch",
    "ScenarioSpace",
    "Space",
    "Strategy",
    "covering_rows",
    "known_trigger",
    "strategy_named",
]

STRATEGIES: dict[str, Callable[[Space, int], Strategy]] = {
    "auto": Auto,
    "random": RandomSearch,
    "covering": Covering,
    "qd": QualityDiversity,
}


def strategy_named(name: str, space: Space, seed: int) -> Strategy:
    """The strategy with this name. Raises KeyError."""
    return STRATEGIES[name](space, seed)
