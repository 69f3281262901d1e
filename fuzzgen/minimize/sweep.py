"""The certificate: fresh draws of the present form and of everything one move below it.

In sweep j over k moves a move is *ruled out* when its evidence against "fires at tau or above" reaches 2k j(j+1)/delta,
and the form is *confirmed* when its evidence against "fires at tau or below" reaches 2 j(j+1)/delta. The levels of all
rows and all sweeps sum to delta at most. A move that seems to fire ends the sweep: it is adopted, and whatever was drawn
for the other rows is spent. So all rows get a few draws before any gets many, the doubtful ones first.

The form's own draws are spread between those of its rows. They confirm it, they tell when the trigger has been lost
on the way, and they show whether the target has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Literal

from fuzzgen.minimize.certificate import Claim, Row, Verdict
from fuzzgen.minimize.draws import Counts, Purpose, Stream, Wish
from fuzzgen.minimize.interface import C, Move, moves_kind
from fuzzgen.minimize.moves import simplifications
from fuzzgen.minimize.rules import Bar
from fuzzgen.minimize.search import keep_test
from fuzzgen.minimize.state import State
from fuzzgen.stats import TwoPointTest
from fuzzgen.stats.drift import drift_p_value

__all__ = ["Sweep"]

Outcome = Literal["done", "fires", "lost"]


@dataclass(eq=False)
class _Row(Generic[C]):
    """A move under examination: reads its stream in launch order until it is settled."""

    move: Move[C]
    stream: Stream[C]
    bar: Bar
    fires: TwoPointTest
    cap: int
    missing_cap: int
    counts: Counts = Counts()
    verdict: Verdict | None = None

    def update(self) -> None:
        while self.verdict is None and self.counts.started < len(self.stream.ordered):
            self.counts = _add(self.counts, self.stream.ordered[self.counts.started])
            if self.bar.cleared(self.counts):
                self.verdict = "ruled out"
            elif self.fires.log_ratio(self.counts.hits, self.counts.valid) >= self.fires.upper:
                self.verdict = "fires"
            elif self.counts.started >= self.cap or self.counts.missing >= self.missing_cap:
                self.verdict = "undecided"

    @property
    def needs(self) -> int:
        """How many further draws rule it out if all of them are misses."""
        return min(_misses_needed(self.bar, self.counts), self.cap - self.counts.started)


class Sweep(Generic[C]):
    """One attempt to certify the present form. `run` ends it; the rest is for reading afterwards."""

    def __init__(self, state: State[C], attempt: int, delta: float) -> None:
        self.state = state
        self.attempt = attempt
        self.candidate = state.form.candidate
        rules, tau = state.rules, state.levels.threshold
        moves = _distinct([*state.form.deletions, *simplifications(self.candidate)])
        share = attempt * (attempt + 1) / delta
        bar = Bar("silent", tau, max(2 * len(moves) * share, 1.0))
        fires = TwoPointTest(tau / 2, state.levels.ceiling, 0.01, 0.2)
        self.rows = [
            _Row(m, state.desk.stream(m.result, Purpose.SWEEP, attempt), bar, fires, rules.row_cap, rules.missing_cap)
            for m in _by_doubt(state, moves)
        ]
        self.stream = state.desk.stream(self.candidate, Purpose.CONFIRMATION, attempt)
        self.bar = Bar("fires", tau, 2 * share)
        self.keep = keep_test(state)
        self.counts = Counts()  # of the form itself, all that was read
        self.claimed: Counts | None = None  # the same when it was confirmed
        self.kept = False
        self.lost = False
        self.fingerprint = state.desk.fingerprint
        self.drift = ""

    async def run(self) -> Outcome:
        """Draws until every row is settled and the form confirmed or at its cap, or a row fires, or the form is lost."""
        while True:
            self._read()
            if self.lost:
                await self._note_form("lost", False)
                return "lost"
            if any(row.verdict == "fires" for row in self.rows):
                await self._note_rows()
                return "fires"
            wishes = self._wishes()
            if not wishes:
                break
            await self.state.desk.advance(wishes)
        self.drift = self._drifted()
        await self._note_rows()
        await self._note_form("confirmed" if self.claimed else "undecided", self.claimed is not None)
        return "done"

    @property
    def firing(self) -> list[Move[C]]:
        """The moves that fired, first the one that removes most."""
        found = [row.move for row in self.rows if row.verdict == "fires"]
        return sorted(found, key=lambda move: -len(move.removed))

    @property
    def confirmation(self) -> Claim:
        """The claim that the form fires, with the counts at which it was confirmed (else all)."""
        return Claim(self.bar, self.claimed or self.counts)

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
        )

    def _read(self) -> None:
        while self.counts.started < len(self.stream.ordered):
            self.counts = _add(self.counts, self.stream.ordered[self.counts.started])
            ratio = self.keep.log_ratio(self.counts.hits, self.counts.valid)
            self.kept = self.kept or ratio >= self.keep.upper
            self.lost = self.lost or ratio <= self.keep.lower
            if self.claimed is None and self.bar.cleared(self.counts):
                self.claimed = self.counts
        for row in self.rows:
            row.update()

    def _wishes(self) -> list[Wish[C]]:
        rules, many = self.state.rules, self.state.desk.concurrency > 1
        open_rows = [row for row in self.rows if row.verdict is None]
        started = self.counts.started
        form: list[Wish[C]] = []
        give_up = started >= rules.confirmation_cap or self.counts.missing >= rules.missing_cap
        form_open = self.claimed is None and not give_up
        if form_open and not (self.kept or give_up):
            form.append((self.stream, min(started + (8 if many else 1), rules.confirmation_cap)))
        drawn = sum(row.counts.started for row in self.rows)
        paced = min(drawn // rules.pace, rules.confirmation_cap)
        if open_rows and not give_up and (form_open or self.stream.launched < paced // 2):
            form.append((self.stream, paced if form_open else paced // 2))
        screening = [(row.stream, min(rules.screen, row.counts.started + row.needs)) for row in open_rows]
        finishing = [(row.stream, row.counts.started + row.needs) for row in open_rows]
        wishes = [*form, *screening, *finishing]
        if form_open and (many or not open_rows):
            ahead = 24 if many else 1
            wishes.append((self.stream, min(started + ahead, rules.confirmation_cap)))
        if not open_rows and not form_open:
            return []
        return wishes

    def _drifted(self) -> str:
        """Why the target seems to have changed while the certificate was made; empty where it does not."""
        if self.state.desk.fingerprint != self.fingerprint:
            return "the provider's fingerprint changed"
        valid = [outcome for outcome in self.stream.ordered if outcome is not None]
        if drift_p_value(valid) < self.state.rules.drift:
            return "the form's own rate moved while its certificate was made"
        return ""

    async def _note_rows(self) -> None:
        for row in self.rows:
            kind = moves_kind(self.candidate, row.move)
            verdict, accepted = row.verdict or "open", row.verdict == "fires"
            rule = row.fires if accepted else row.bar
            await self.state.note(
                "sweep",
                row.move.result,
                row.counts,
                rule,
                verdict,
                accepted,
                moves=(row.move.name,),
                removed=row.move.removed,
                kind=kind,
            )

    async def _note_form(self, decision: str, accepted: bool) -> None:
        counts, rule = (self.counts, self.keep) if self.lost else (self.claimed or self.counts, self.bar)
        await self.state.note("confirmation", self.candidate, counts, rule, decision, accepted)


def _add(counts: Counts, outcome: bool | None) -> Counts:
    return Counts(
        counts.hits + (outcome is True), counts.misses + (outcome is False), counts.missing + (outcome is None)
    )


def _distinct(moves: Sequence[Move[C]]) -> list[Move[C]]:
    """One move for each form that they lead to."""
    first: dict[C, Move[C]] = {}
    for move in moves:
        first.setdefault(move.result, move)
    return list(first.values())


def _by_doubt(state: State[C], moves: Sequence[Move[C]]) -> list[Move[C]]:
    """The moves that the search is least sure of come first."""
    needed = state.belief.needed(state.form.elements)

    def survives(move: Move[C]) -> float:
        chance = 1.0
        for element in move.removed:
            chance *= 1 - needed.get(element, 0.0)
        return chance

    return sorted(moves, key=lambda move: -survives(move))


@lru_cache(maxsize=65536)
def _misses_needed(bar: Bar, counts: Counts) -> int:
    further = 1
    while not bar.cleared(Counts(counts.hits, counts.misses + further, counts.missing)) and further < 1000:
        further += 1
    return further
