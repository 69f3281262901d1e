"""The certificate: fresh draws of the present form and of everything one move below it.

In sweep j a move is *ruled out* when its evidence against "fires at tau or above" reaches j(j+1)/delta, and the form is
*confirmed* when its evidence against "fires at tau or below" reaches j(j+1)/delta (four times that, to be careful). The
number of rows does not enter: a certificate needs all of them, so a wrong one needs the very row that is wrong to pass
(an intersection-union test; Berger 1982). The levels of all sweeps sum to delta. A move that seems to fire ends the
sweep: it is adopted, and whatever was drawn for the other rows is spent. So all rows get a few draws before any gets
many, the doubtful ones first.

The form's own draws are spread between those of its rows. They confirm it, they tell when the trigger has been lost
on the way, and they show whether the target has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Literal, TypeVar

from fuzzgen.minimize.certificate import Claim, Row, Verdict
from fuzzgen.minimize.draws import MOST, Counts, Purpose
from fuzzgen.minimize.interface import C, Move, moves_kind
from fuzzgen.minimize.rules import Bar, fires_test, keep_test
from fuzzgen.minimize.state import State
from fuzzgen.minimize.walks import Walk, settle
from fuzzgen.stats import TwoPointTest
from fuzzgen.stats.drift import drift_p_value

__all__ = ["Sweep"]

Outcome = Literal["done", "fires", "lost"]
T = TypeVar("T")


@dataclass(eq=False)
class _Row(Walk[C]):
    """A move under examination. Pauses at `goal` draws; settled once it has a verdict."""

    move: Move[C] | None = None
    bar: Bar = Bar("silent", 0.5, 1.0)
    fires: TwoPointTest = TwoPointTest(0.1, 0.5)
    cap: int = 1
    missing_cap: int = 1
    eager: bool = False
    goal: int = 0
    verdict: Verdict | None = None

    @property
    def open(self) -> bool:
        return self.verdict is None and self.counts.started < self.goal

    def judge(self) -> None:
        if self.bar.cleared(self.counts):
            self.verdict = "ruled out"
        elif self.fires.log_ratio(self.counts.hits, self.counts.valid) >= self.fires.upper:
            self.verdict = "fires"
        elif self.counts.started >= self.cap or self.counts.missing >= self.missing_cap:
            self.verdict = "undecided"

    def batch(self, spare: int) -> int:
        """What rules it out if all are misses, so that none is wasted; in small portions where it could fire before."""
        most = min(misses_needed(self.bar, self.counts), self.goal - self.counts.started)
        return most if self.eager else min(most, 3)


@dataclass(eq=False)
class _Incumbent(Walk[C]):
    """The form itself. `claimed` are its counts when it was confirmed.

    Open until it is known to be kept; then up to `goal` draws, or `watch` once it is confirmed.
    """

    bar: Bar = Bar("fires", 0.5, 1.0)
    keep: TwoPointTest = TwoPointTest(0.1, 0.5)
    cap: int = 1
    missing_cap: int = 1
    goal: int = 0
    watch: int = 0
    claimed: Counts | None = None
    kept: bool = False
    lost: bool = False

    @property
    def open(self) -> bool:
        if self.lost or self.exhausted:
            return False
        return not self.kept or self.counts.started < (self.goal if self.claimed is None else self.watch)

    @property
    def exhausted(self) -> bool:
        return self.counts.started >= self.cap or self.counts.missing >= self.missing_cap

    def judge(self) -> None:
        if self.claimed is None and self.bar.cleared(self.counts):
            self.claimed = self.counts
        decision = self.keep.decide(self.counts.hits, self.counts.valid)
        self.kept = self.kept or decision == "accept" or self.claimed is not None
        self.lost = self.claimed is None and decision == "reject"

    def batch(self, spare: int) -> int:
        return min(max(1, 2 * spare - 1), self.cap - self.counts.started)


class Sweep(Generic[C]):
    """One attempt to certify the present form. `run` ends it; the rest is for reading afterwards."""

    def __init__(self, state: State[C], attempt: int, delta: float) -> None:
        self.state = state
        self.attempt = attempt
        self.candidate = state.form.candidate
        rules, tau, desk = state.rules, state.levels.threshold, state.desk
        moves = _distinct([*state.form.deletions, *state.simplifications()])
        share = attempt * (attempt + 1) / delta
        bar = Bar("silent", tau, share)
        cap = min(max(rules.row_cap, rules.patience * misses_needed(bar, Counts())), MOST)
        self.rows = [
            _Row(
                desk.stream(move.result, Purpose.SWEEP, attempt),
                move=move,
                bar=bar,
                fires=fires_test(state.levels),
                cap=cap,
                missing_cap=max(rules.missing_cap, cap // 4),
                eager=desk.concurrency > 1,
            )
            for move in _by_doubt(state, moves)
        ]
        self.form = _Incumbent(
            desk.stream(self.candidate, Purpose.CONFIRMATION, attempt),
            bar=Bar("fires", tau, share * rules.caution),
            keep=keep_test(state.levels),
            cap=rules.confirmation_cap,
            missing_cap=max(rules.missing_cap, rules.confirmation_cap // 4),
        )
        desk.fingerprints = {desk.fingerprint} - {None}
        self.drift = ""

    async def run(self) -> Outcome:
        """Draws until every row is settled and the form confirmed or at its cap, or a row fires, or the form is lost."""
        outcome = await self._screen() or await self._finish()
        if outcome == "done":
            self.drift = self._drifted()
        await self._note_rows()
        word = "lost" if outcome == "lost" else "confirmed" if self.form.claimed else "undecided"
        await self._note_form(word, self.form.claimed is not None)
        return outcome

    async def _screen(self) -> Outcome | None:
        """A few draws of everything, the form first."""
        width = max(1, self.state.desk.concurrency // self.state.rules.screen)
        for row in self.rows:
            row.goal = self.state.rules.screen
        for walks in _chunks([self.form, *self.rows], width):
            await settle(self.state.desk, walks)
            if self._over:
                return self._over
        return None

    async def _finish(self) -> Outcome:
        """Each row to its verdict, with the form's draws between them."""
        rules, desk, form = self.state.rules, self.state.desk, self.form
        for rows in _chunks([row for row in self.rows if row.verdict is None], max(2, desk.concurrency // 2)):
            drawn = sum(row.counts.started for row in self.rows) + sum(misses_needed(r.bar, r.counts) for r in rows)
            # Even a form that is confirmed early is drawn again after every other row: a drift would show there.
            some = form.stream.launched + (len(rows) + 1) // 2
            form.goal, form.watch = max(drawn // rules.pace, some), max(drawn // (2 * rules.pace), some)
            for row in rows:
                row.goal = row.cap
            await settle(desk, [*rows, form])
            if self._over:
                return self._over
        form.goal, form.watch = rules.confirmation_cap, 0
        await settle(desk, [form])
        return self._over or "done"

    @property
    def _over(self) -> Outcome | None:
        if any(row.verdict == "fires" for row in self.rows):
            return "fires"
        return "lost" if self.form.lost else None

    @property
    def firing(self) -> list[Move[C]]:
        """The moves that fired, first the one that removes most."""
        found = [row.move for row in self.rows if row.verdict == "fires" and row.move is not None]
        return sorted(found, key=lambda move: -len(move.removed))

    @property
    def silent(self) -> list[Move[C]]:
        """The moves that the search's own test would have rejected."""
        test = self.rows[0].fires if self.rows else None
        return [
            row.move
            for row in self.rows
            if row.move is not None
            and test is not None
            and row.verdict != "fires"
            and test.log_ratio(row.counts.hits, row.counts.valid) <= test.lower
        ]

    @property
    def confirmation(self) -> Claim:
        """The claim that the form fires, with the counts at which it was confirmed (else all)."""
        return Claim(self.form.bar, self.form.claimed or self.form.counts)

    def certificate_rows(self) -> tuple[Row[C], ...]:
        """The rows as they stand."""
        return tuple(
            Row(
                row.move.name,
                row.move.element,
                row.move.removed,
                row.move.result,
                moves_kind(self.candidate, row.move),
                Claim(row.bar, row.counts),
                row.verdict or "undecided",
            )
            for row in self.rows
            if row.move is not None
        )

    def _drifted(self) -> str:
        """Why the target seems to have changed while the certificate was made; empty where it does not."""
        if len(self.state.desk.fingerprints) > 1:
            return "the provider's fingerprint changed"
        valid = [outcome for outcome in self.form.stream.ordered[: self.form.counts.started] if outcome is not None]
        if drift_p_value(valid) < self.state.rules.drift:
            return "the form's own rate moved while its certificate was made"
        return ""

    async def _note_rows(self) -> None:
        for row in self.rows:
            if row.move is None or not row.counts.started:
                continue
            await self.state.note(
                "sweep",
                row.move.result,
                row.counts,
                row.fires if row.verdict == "fires" else row.bar,
                row.verdict or "open",
                row.verdict == "fires",
                moves=(row.move.name,),
                removed=row.move.removed,
                kind=moves_kind(self.candidate, row.move),
            )

    async def _note_form(self, decision: str, accepted: bool) -> None:
        form = self.form
        counts, rule = (form.counts, form.keep) if decision == "lost" else (form.claimed or form.counts, form.bar)
        await self.state.note("confirmation", self.candidate, counts, rule, decision, accepted)


def _distinct(moves: Sequence[Move[C]]) -> list[Move[C]]:
    """One move for each form that they lead to."""
    first: dict[C, Move[C]] = {}
    for move in moves:
        first.setdefault(move.result, move)
    return list(first.values())


def _by_doubt(state: State[C], moves: Sequence[Move[C]]) -> list[Move[C]]:
    """The moves that the search is least sure of come first."""
    survival = state.belief.survival(state.form.elements, [frozenset(move.removed) for move in moves])
    order = sorted(range(len(moves)), key=lambda i: -survival[i])
    return [moves[i] for i in order]


def _chunks(items: Sequence[T], width: int) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), width):
        yield items[first : first + width]


@lru_cache(maxsize=65536)
def misses_needed(bar: Bar, counts: Counts) -> int:
    """How many further draws clear the bar if all of them are misses."""
    further = 1
    while not bar.cleared(Counts(counts.hits, counts.misses + further, counts.missing)) and further < 1000:
        further += 1
    return further
