"""Reduction for a target that repeats itself: one draw tells all there is to know of a form.

Temperature 0, a caching provider or a scripted agent: thirty-two equal replies are one observation, so nothing is
claimed with e-values. What is claimed is plain: the form fired when it was drawn, and each form one move below it did
not.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from fuzzgen.minimize.belief import Belief
from fuzzgen.minimize.certificate import Certificate, Claim, Result, Row, Status, Step, Verdict
from fuzzgen.minimize.draws import Counts, Desk, Ended, Purpose
from fuzzgen.minimize.interface import C, Move, moves_kind
from fuzzgen.minimize.moves import form_of
from fuzzgen.minimize.rules import Bar, Levels, Rules
from fuzzgen.minimize.state import OnStep, State

__all__ = ["reduce_deterministic"]

_PATIENCE = 3
"""Draws of one form that may be missing before it is left undecided."""


async def reduce_deterministic(desk: Desk[C], start: C, delta: float, on_step: OnStep[C] | None) -> Result[C]:
    """Group deletions, then single moves, until no single move fires. Status "deterministic", or why not."""
    rules = Rules()
    state = State(desk, rules, Levels(0.1, 0.4, 0.6), form_of(start), Belief(rules.prior), on_step, [start])
    status: Status = "deterministic"
    reason = ""
    rows: tuple[Row[C], ...] = ()
    try:
        if not await _fires(state, start, "reference", ()):
            status, reason = "too_weak", "the one draw that there is of it did not fire"
        else:
            rows = await _descend(state)
    except Ended as end:
        status, reason = "budget", end.reason
    await desk.drain()
    return _result(state, start, delta, status, reason, rows)


async def _descend(state: State[C]) -> tuple[Row[C], ...]:
    while True:
        while cuts := state.belief.proposals(state.form, 0.999, 1):
            candidate = state.form.candidate.without(cuts[0])
            if candidate is not None and await _fires(state, candidate, "search", tuple(map(str, cuts[0]))):
                state.adopt(candidate, tuple(map(str, cuts[0])))
            else:
                lost = state.form.lost(candidate) if candidate is not None else frozenset()
                state.belief.failed(lost or frozenset().union(*(state.form.cascade[e] for e in cuts[0])), state.depth)
        rows: list[Row[C]] = []
        for move in [*state.form.deletions, *state.simplifications()]:
            fired = await _fires(state, move.result, "sweep", (move.name,))
            if fired:
                state.adopt(move.result, (move.name,))
                break
            rows.append(_row(state, move, fired))
        else:
            return tuple(rows)


def _row(state: State[C], move: Move[C], fired: bool | None) -> Row[C]:
    counts = Counts(0, 1, 0) if fired is False else Counts(0, 0, _PATIENCE)
    claim = Claim(Bar("silent", 0.5, inf), counts)  # no e-value could clear this: none is claimed
    kind = moves_kind(state.form.candidate, move)
    verdict: Verdict = "ruled out" if fired is False else "undecided"
    return Row(move.name, move.element, move.removed, move.result, kind, claim, verdict)


async def _fires(state: State[C], candidate: C, purpose: str, moves: Sequence[str]) -> bool | None:
    """The one outcome of a candidate, drawn unless it is known; None where it stayed missing."""
    known = state.desk.outcome_of(candidate)
    stream = state.desk.stream(candidate, Purpose.SEARCH)
    while known is None and stream.counts.started < _PATIENCE:
        await state.desk.advance([(stream, stream.counts.started + 1)])
        known = next((outcome for outcome in stream.ordered if outcome is not None), None)
    counts = Counts(int(known is True), int(known is False), 0 if known is not None else _PATIENCE)
    removed = sorted(state.form.lost(candidate), key=repr)
    word = "undecided" if known is None else "fires" if known else "silent"
    await state.note(purpose, candidate, counts, None, word, bool(known), moves=moves, removed=removed)
    return known


def _result(
    state: State[C], start: C, delta: float, status: Status, reason: str, rows: tuple[Row[C], ...]
) -> Result[C]:
    desk, candidate = state.desk, state.form.candidate
    fired = desk.outcome_of(candidate)
    counts = Counts(int(fired is True), int(fired is False), int(fired is None))
    first = desk.outcome_of(start)
    reference = Counts(int(first is True), int(first is False), int(first is None))
    steps: tuple[Step[C], ...] = tuple(state.steps)
    certificate = Certificate(None, delta, reference, 0, None, rows, "", dict(desk.spent), steps)
    return Result(
        candidate,
        status,
        counts.hits,
        counts.valid,
        counts.missing,
        None,
        desk.calls,
        desk.rounds,
        certificate.undecided,
        certificate,
        tuple(desk.observations),
        reason,
    )
