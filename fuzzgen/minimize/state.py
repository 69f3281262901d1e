"""Where a reduction stands: the present form, the path that led to it, what is believed, and its steps."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal

from fuzzgen.minimize.belief import Belief
from fuzzgen.minimize.certificate import Step
from fuzzgen.minimize.draws import Counts, Desk, Stream
from fuzzgen.minimize.interface import C, Kind
from fuzzgen.minimize.moves import Form, form_of
from fuzzgen.minimize.rules import Bar, Levels, Rules
from fuzzgen.stats import TwoPointTest, log_e_low

__all__ = ["OnStep", "Probe", "State", "settle"]

OnStep = Callable[[Step[C]], Awaitable[None] | None]


@dataclass(eq=False)
class Probe(Generic[C]):
    """A test that walks along a stream in launch order and stops at its first decision.

    Draws that arrive after the decision change nothing, so a decision follows from the outcomes in their order alone.
    """

    stream: Stream[C]
    test: TwoPointTest
    missing_cap: int
    read: int = 0
    counts: Counts = Counts()
    decision: Literal["open", "accept", "reject"] = "open"

    def update(self) -> None:
        """Reads on as far as the draws have come."""
        hits, misses, missing = self.counts.hits, self.counts.misses, self.counts.missing
        while self.decision == "open" and self.read < len(self.stream.ordered):
            outcome = self.stream.ordered[self.read]
            hits, misses, missing = hits + (outcome is True), misses + (outcome is False), missing + (outcome is None)
            self.read += 1
            self.counts = Counts(hits, misses, missing)
            self.decision = self.test.decide(hits, hits + misses)
            if self.decision == "open" and missing >= self.missing_cap and missing > hits + misses:
                self.decision = "reject"

    @property
    def fewest(self) -> int:
        """How many further draws could decide at the earliest."""
        ratio = self.test.log_ratio(self.counts.hits, self.counts.valid)
        hit, miss = self.test.log_ratio(1, 1), -self.test.log_ratio(0, 1)
        to_accept = (self.test.upper - ratio) / hit
        to_reject = (ratio - self.test.lower) / miss
        return max(1, round(min(to_accept, to_reject) + 0.4999))

    @property
    def most(self) -> int:
        """How many further draws would decide if all of them were misses."""
        ratio = self.test.log_ratio(self.counts.hits, self.counts.valid)
        return max(1, round((ratio - self.test.lower) / -self.test.log_ratio(0, 1) + 0.4999))


async def settle(desk: Desk[C], probes: Sequence[Probe[C]]) -> None:
    """Runs probes until each has decided: those that come first go first, spare slots are shared."""
    while True:
        for probe in probes:
            probe.update()
        left = [p for p in probes if p.decision == "open"]
        if not left:
            return
        wishes = [(p.stream, p.read + p.fewest) for p in left]
        if desk.concurrency > 1:
            wishes += [(p.stream, p.read + p.most) for p in left]
        await desk.advance(wishes)


@dataclass(eq=False)
class State(Generic[C]):
    """See the module's docstring. `trail` runs from the start to the present form, each adopted after the one before."""

    desk: Desk[C]
    rules: Rules
    levels: Levels
    form: Form[C]
    belief: Belief
    on_step: OnStep[C] | None = None
    trail: list[C] = field(default_factory=list)
    lost: set[C] = field(default_factory=set)
    wary: set[Hashable] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    steps: list[Step[C]] = field(default_factory=list)
    unretained: int = 0
    retained: Counts = Counts()

    def adopt(self, candidate: C) -> None:
        """Goes on from this form."""
        lost = self.form.lost(candidate)
        self.belief.contradicted(lost)
        self.trail.append(candidate)
        self.form = form_of(candidate)
        self.unretained += 1
        self.retained = Counts()

    def back_to(self, index: int) -> None:
        """Returns to a form of the trail."""
        del self.trail[index + 1 :]
        self.form = form_of(self.trail[index])
        self.unretained = 0
        self.retained = Counts()

    async def note(
        self,
        purpose: str,
        candidate: C,
        counts: Counts,
        rule: TwoPointTest | Bar | None,
        decision: str,
        accepted: bool,
        *,
        moves: Sequence[str] = (),
        removed: Sequence[Hashable] = (),
        kind: Kind | Literal[""] = "",
    ) -> None:
        """Records a decision and tells whoever listens."""
        bar = rule if isinstance(rule, Bar) else None
        log_evalue = bar.log_evalue(counts) if bar else log_e_low(counts.hits, counts.started, self.levels.threshold)
        step = Step(
            len(self.steps) + 1,
            purpose,
            candidate,
            tuple(moves),
            tuple(removed),
            counts,
            rule,
            decision,
            accepted,
            kind,
            log_evalue,
        )
        self.steps.append(step)
        if self.on_step is not None:
            heard = self.on_step(step)
            if inspect.isawaitable(heard):
                await heard
