"""Fresh scenarios, drawn as the grammar says: never filtered, skipped or steered.

Population rates and factor effects come from this stream alone. The k-th draft follows from the seed and k, so that two
strategies with the same seed see the same random scenarios.
"""

from __future__ import annotations

from fuzzgen.explore.known import Known
from fuzzgen.explore.protocol import Outcome, Proposal
from fuzzgen.explore.space import Draft, Space, derived_seed

__all__ = ["RandomSearch", "RandomStream"]


class RandomStream:
    """The drafts themselves, one after the other; several grammars are taken in turn."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space, self.seed, self.drawn = space, seed, 0

    def next(self) -> Draft:
        """The next draft."""
        index = self.drawn
        self.drawn += 1
        grammars = self.space.grammars
        return self.space.draw(grammars[index % len(grammars)], derived_seed(self.seed, "explore", index))


class RandomSearch:
    """The strategy `random`: nothing but the stream. What it is told changes nothing."""

    why = "random sampling"

    def __init__(self, space: Space, seed: int) -> None:
        self.stream = RandomStream(space, seed)

    def ask(self, count: int = 1) -> tuple[Proposal, ...]:
        return tuple(Proposal(self.stream.drawn, "random", self.stream.next()) for _ in range(count))

    def tell(self, proposal: Proposal, outcome: Outcome) -> None:
        pass

    def found(self, known: Known, proposal: Proposal | None = None) -> None:
        pass
