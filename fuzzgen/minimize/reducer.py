"""The certified reducer, from the first draw of the start to the last row of the certificate.

    reference      draw the start; tau follows from its rate
    search         cheap tests find a small form                  (search.py)
    certificate    fresh draws of every move that is left         (sweep.py)
    confirmation   fresh draws of the form itself, between them

A move that fires in the certificate, or a form that turns out to have lost the trigger, sends it back to the search.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic

from fuzzgen.errors import UsageError
from fuzzgen.minimize.belief import Belief
from fuzzgen.minimize.certificate import Certificate, Result, Status
from fuzzgen.minimize.deterministic import reduce_deterministic
from fuzzgen.minimize.draws import Counts, Desk, Ended, Purpose, TurnedDeterministic
from fuzzgen.minimize.interface import C, Observation, Oracle
from fuzzgen.minimize.moves import form_of
from fuzzgen.minimize.retention import recover, retain
from fuzzgen.minimize.rules import Bar, Levels, Rules, levels_of
from fuzzgen.minimize.search import shrink
from fuzzgen.minimize.state import OnStep, State
from fuzzgen.minimize.sweep import Sweep

__all__ = ["minimize"]


async def minimize(
    candidate: C,
    oracle: Oracle[C],
    *,
    delta: float = 0.05,
    min_rate: float = 0.1,
    threshold: float | None = None,
    background: float | None = None,
    concurrency: int = 1,
    seed: int = 0,
    budget: int | None = None,
    certify: bool = True,
    evidence: Iterable[Observation[C]] | None = None,
    on_step: OnStep[C] | None = None,
    rules: Rules | None = None,
) -> Result[C]:
    """The smallest form of `candidate` that still fires, with a certificate.

    candidate    see `Candidate`; it is only ever cut, never changed
    oracle       `async (candidate, trial) -> bool | None`, see `Oracle`
    delta        chance that a certificate is wrong
    min_rate     the least firing rate of interest
    threshold    tau; by default the larger of min_rate and 0.6 of the start's rate
    background   firing rate without any trigger, where it is known; by default the search's low point is tau / 4
    concurrency  draws under way at once
    budget       draws that this call may make; None for no bound
    certify      False ends after the search, with status "quick"
    evidence     what an earlier call recorded (`Result.evidence`); none of those trials is asked for again
    on_step      hears each `Step`; may be async
    rules        the settings of the search and the caps

    Raises UsageError for settings that mean nothing, and whatever defect the oracle has.
    """
    _check(delta, min_rate, threshold, background, concurrency, budget)
    desk = Desk(oracle, concurrency=concurrency, seed=seed, budget=budget, evidence=evidence or ())
    run = _Run(desk, rules or Rules(), candidate, delta, on_step)
    try:
        if not desk.deterministic:
            try:
                return await run.reduce(min_rate, threshold, background, certify)
            except Ended as end:
                return await run.finish("budget", end.reason)
            except TurnedDeterministic:
                pass
        return await reduce_deterministic(desk, candidate, delta, on_step)
    finally:
        await desk.close()


class _Run(Generic[C]):
    """One call of `minimize`: what it has so far can be made a result at any moment."""

    def __init__(self, desk: Desk[C], rules: Rules, start: C, delta: float, on_step: OnStep[C] | None) -> None:
        self.desk = desk
        self.rules = rules
        self.start = start
        self.delta = delta
        self.reference = Counts()
        self.sweep: Sweep[C] | None = None
        # Until the reference is in, the levels are placeholders: nothing is decided by them.
        self.state = State(desk, rules, Levels(0.1, 0.4, 0.6), form_of(start), Belief(rules.prior), on_step, [start])
        self.placed = False

    async def reduce(
        self, min_rate: float, threshold: float | None, background: float | None, certify: bool
    ) -> Result[C]:
        """All phases in turn. Raises Ended or TurnedDeterministic where they are cut short."""
        weak = await self._refer(min_rate, threshold, background)
        if weak:
            return await self.finish("too_weak", weak)
        await shrink(self.state)
        if not certify:
            return await self._quick()
        for attempt in range(1, self.rules.sweeps + 1):
            self.sweep = Sweep(self.state, attempt, self.delta)
            outcome = await self.sweep.run()
            if outcome == "done":
                return await self._certified(self.sweep)
            sweep, self.sweep = self.sweep, None
            if outcome == "fires":
                _learn(self.state, sweep)
            elif not await recover(self.state, sweep.form.counts):
                self.sweep = sweep
                return await self.finish("partial", "the start itself does not clearly fire above the threshold")
            await shrink(self.state)
        return await self.finish("partial", f"{self.rules.sweeps} certificates were begun and none could be ended")

    async def _refer(self, min_rate: float, threshold: float | None, background: float | None) -> str:
        """Draws the start and places the levels. Returns why it is too weak, empty where it is not."""
        rules, stream = self.rules, self.desk.stream(self.start, Purpose.REFERENCE)
        wanted = rules.reference_first
        while True:
            self.reference = stream.counts
            if self.reference.started >= wanted:
                silent = self.reference.missing == self.reference.started
                if self.reference.hits >= rules.reference_hits or wanted >= rules.reference_most or silent:
                    break
                wanted = min(self.reference.started + max(1, self.desk.concurrency // 4), rules.reference_most)
            await self.desk.advance([(stream, wanted)])
        counts = self.reference
        weak = ""
        if counts.hits < rules.reference_enough:
            weak = f"{counts.hits} hits in {counts.valid} valid draws ({counts.missing} missing)"
            if not counts.valid:
                weak = f"not one of {counts.started} draws counted: whether it fires is not known"
        else:
            self.state.levels = levels = levels_of(rules, counts, min_rate, threshold, background)
            self.placed = True
            above = Bar("silent", levels.threshold, 1 / self.delta)
            if above.cleared(Counts(counts.hits, counts.misses)):
                weak = (
                    f"{counts.hits} hits in {counts.valid} valid draws are below the threshold {levels.threshold:.3f}"
                )
        await self.state.note("reference", self.start, counts, None, "too weak" if weak else "fires", not weak)
        return weak

    async def _quick(self) -> Result[C]:
        """The form that the search found, retained once more."""
        while len(self.state.trail) > 1 and not self.state.retained.valid:
            await retain(self.state)
            await shrink(self.state)
        return await self.finish("quick", "")

    async def _certified(self, sweep: Sweep[C]) -> Result[C]:
        undecided = [row.name for row in sweep.certificate_rows() if row.verdict != "ruled out"]
        reasons = []
        if not sweep.confirmation.cleared:
            reasons.append("the minimal form could not be confirmed above the threshold within its cap")
        if undecided:
            reasons.append(f"{len(undecided)} moves could not be decided within their cap")
        if sweep.drift:
            reasons.append(sweep.drift)
        return await self.finish("partial" if reasons else "certified", "; ".join(reasons))

    async def finish(self, status: Status, reason: str) -> Result[C]:
        """What there is so far, under this status."""
        await self.desk.drain()
        state, sweep = self.state, self.sweep
        rows = sweep.certificate_rows() if sweep else ()
        threshold = state.levels.threshold if self.placed else None
        certificate = Certificate(
            threshold,
            self.delta,
            self.reference,
            sweep.attempt if sweep else 0,
            sweep.confirmation if sweep else None,
            rows,
            sweep.drift if sweep else "",
            dict(self.desk.spent),
            tuple(state.steps),
        )
        counts = sweep.confirmation.counts if sweep else state.retained if len(state.trail) > 1 else self.reference
        return Result(
            state.form.candidate,
            status,
            counts.hits,
            counts.valid,
            counts.missing,
            threshold,
            self.desk.calls,
            self.desk.rounds,
            certificate.undecided,
            certificate,
            tuple(self.desk.observations),
            reason,
        )


def _learn(state: State[C], sweep: Sweep[C]) -> None:
    """Adopts the move that fired and takes most; what the other rows showed goes to the search."""
    first, *others = sweep.firing
    state.adopt(first.result, (first.name,))
    for move in others:
        state.belief.harmless(move.removed)
    for move in sweep.silent:
        if move.removed:
            state.belief.failed(move.removed, state.depth)


def _check(
    delta: float,
    min_rate: float,
    threshold: float | None,
    background: float | None,
    concurrency: int,
    budget: int | None,
) -> None:
    for name, value in (("delta", delta), ("min_rate", min_rate), ("threshold", threshold)):
        if value is not None and not 0 < value < 1:
            raise UsageError(f"{name} is {value!r}", fix="give a probability strictly between 0 and 1")
    if background is not None and not 0 <= background < 1:
        raise UsageError(f"background is {background!r}", fix="give a rate from 0 to below 1")
    if concurrency < 1:
        raise UsageError(f"concurrency is {concurrency}", fix="give 1 or more")
    if budget is not None and budget < 0:
        raise UsageError(f"budget is {budget}", fix="give 0 or more draws, or None")
