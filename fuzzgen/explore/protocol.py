"""What to run next: ask for proposals, tell what came of them, say which triggers are known.

A strategy is a deterministic function of its seed and of what it was told, in the order in which it was told. It knows no
model, clock or file, and any number of proposals may be on their way: outcomes come late and in launch order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from fuzzgen.explore.known import Known
from fuzzgen.explore.space import Draft

__all__ = ["FIRES", "Outcome", "Proposal", "Sampler", "Strategy"]

Sampler = Literal["random", "covering", "qd", "defused", "corpus"]
FIRES = 5
"""Told as the stage of a behavior where the event that the search looks for happened, whatever its place on the ladder."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """One episode to run. `replicate` counts the draws of one draft, from 0.

    Only proposals of the sampler "random" come from the unbiased stream. `parent` is the number of the elite that the
    draft was made from, `behavior` the ladder that it is meant to climb.
    """

    number: int
    sampler: Sampler
    draft: Draft
    replicate: int = 0
    parent: int = 0
    behavior: str = ""


@dataclass(frozen=True)
class Outcome:
    """What one episode showed: behavior -> stage, 0 to 4, or FIRES. Behaviors that were not visible are left out.

    Not `valid`: nothing is known (refused the role, cut off, provider failed).
    """

    stages: Mapping[str, int] = field(default_factory=dict)
    valid: bool = True


class Strategy(Protocol):
    """Ask and tell. See the module's docstring for what every strategy owes."""

    def ask(self, count: int = 1) -> tuple[Proposal, ...]:
        """The next proposals. Never refuses: an empty archive falls back on fresh draws."""
        ...

    def tell(self, proposal: Proposal, outcome: Outcome) -> object:
        """The outcome of a proposal that this strategy made. Each is told once at most."""
        ...

    def found(self, known: Known, proposal: Proposal | None = None) -> None:
        """A trigger was confirmed and reduced; `proposal` is the one in which it first came up."""
        ...

    @property
    def why(self) -> str:
        """What it does and why, in a few words, for the progress line."""
        ...
