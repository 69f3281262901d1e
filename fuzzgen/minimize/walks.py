"""Walking along a stream of draws in launch order, up to a decision.

A decision follows from the outcomes of one stream in their order, never from when they arrived: draws go out in batches
whose size depends on that stream alone, a batch goes out whole, and `settle` waits until every walk of a stage has
decided. So the same outcomes give the same draws, decisions and result in whatever order they come in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Generic

from fuzzgen.minimize.draws import Counts, Desk, Stream
from fuzzgen.minimize.interface import C
from fuzzgen.stats import Decision, TwoPointTest

__all__ = ["Probe", "Walk", "settle"]


@dataclass(eq=False)
class Walk(ABC, Generic[C]):
    """Reads a stream one outcome at a time while it is open. `target` is how many draws it has asked for."""

    stream: Stream[C]
    counts: Counts = Counts()
    target: int = 0

    @property
    @abstractmethod
    def open(self) -> bool:
        """Whether it wants to read on."""

    @abstractmethod
    def judge(self) -> None:
        """Draws its conclusions from `counts`; called after each outcome."""

    @abstractmethod
    def batch(self, spare: int) -> int:
        """How many more draws to ask for, when all that was asked for is in and `spare` slots are there for it."""

    def update(self) -> None:
        """Reads on as far as the draws have come."""
        while self.open and self.counts.started < len(self.stream.ordered):
            self.counts = self.counts.plus(self.stream.ordered[self.counts.started])
            self.judge()

    def ask(self, spare: int) -> tuple[Stream[C], int]:
        """Its wish at the desk."""
        if self.open and self.counts.started >= self.target:
            self.target = self.counts.started + max(1, self.batch(spare))
        return self.stream, self.target


@dataclass(eq=False)
class Probe(Walk[C]):
    """The search's cheap test. Draws that stay missing leave it undecided, which the search takes as a rejection."""

    test: TwoPointTest = TwoPointTest(0.1, 0.5)
    missing_cap: int = 1
    decision: Decision = "open"

    @property
    def open(self) -> bool:
        return self.decision == "open"

    @property
    def accepted(self) -> bool:
        return self.decision == "accept"

    def judge(self) -> None:
        self.decision = self.test.decide(self.counts.hits, self.counts.valid)
        if self.open and self.counts.missing >= max(self.missing_cap, self.counts.valid):
            self.decision = "reject"

    def batch(self, spare: int) -> int:
        """As few as can decide, so that none is wasted; with slots to spare as many as fill them."""
        ratio = self.test.log_ratio(self.counts.hits, self.counts.valid)
        hit, miss = self.test.log_ratio(1, 1), -self.test.log_ratio(0, 1)
        accept, reject = _whole((self.test.upper - ratio) / hit), _whole((ratio - self.test.lower) / miss)
        return max(min(accept, reject), min(spare, max(accept, reject)))


async def settle(desk: Desk[C], walks: Sequence[Walk[C]]) -> None:
    """Draws until each walk has decided. Those that come first go first."""
    spare = desk.concurrency // max(len(walks), 1)
    while True:
        for walk in walks:
            walk.update()
        wishes = [walk.ask(spare) for walk in walks]
        if not any(walk.open or walk.stream.launched < walk.target for walk in walks):
            return
        await desk.advance(wishes)


def _whole(draws: float) -> int:
    return max(1, ceil(draws - 1e-9))
