"""What a reduction leaves behind: its steps, and the certificate with one row for each move that is left.

Everything in it can be computed again from counts: a row's e-value from (hits, trials, missing) and the threshold, what
it needed from the number of rows, the sweep and delta. `Certificate.check` does that.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, Literal

from fuzzgen.minimize.draws import Counts
from fuzzgen.minimize.interface import C, Kind, Observation
from fuzzgen.minimize.rules import Bar
from fuzzgen.stats import Interval, TwoPointTest, anytime_interval
from fuzzgen.stats.evalues import DISTANCES

__all__ = ["Certificate", "Claim", "Result", "Row", "Status", "Step", "Verdict", "claim_interval"]

Status = Literal["certified", "partial", "quick", "deterministic", "too_weak", "budget"]
Verdict = Literal["ruled out", "fires", "undecided"]


@dataclass(frozen=True, slots=True)
class Step(Generic[C]):
    """One decision, with all that it was made from.

    number     counted from 1
    purpose    reference, search, retention, sweep or confirmation
    candidate  the form that was drawn
    moves      names of the moves that lead to it from the form before
    removed    ids that are gone
    counts     hits, misses and missing draws in launch order up to the decision
    rule       the test that decided; None for the reference and for what is deterministic
    decision   in words: adopted, rejected, retained, lost, ruled out, fires, undecided, confirmed, merged ...
    accepted   whether the form went on from here
    kind       enabling or motivating, for the rows of a certificate; else empty
    """

    number: int
    purpose: str
    candidate: C
    moves: tuple[str, ...]
    removed: tuple[Hashable, ...]
    counts: Counts
    rule: TwoPointTest | Bar | None
    decision: str
    accepted: bool
    kind: Kind | Literal[""] = ""
    log_evalue: float = 0.0

    @property
    def hits(self) -> int:
        return self.counts.hits

    @property
    def trials(self) -> int:
        """Valid trials; the missing ones are in `counts`."""
        return self.counts.valid


def claim_interval(hits: int, valid: int, missing: int) -> Interval:
    """The interval beside a row of a certificate; see `Claim.interval`."""
    started = valid + missing
    low = anytime_interval(hits, started, distances=DISTANCES).low
    return Interval(low, anytime_interval(hits + missing, started, distances=DISTANCES).high)


@dataclass(frozen=True, slots=True)
class Claim:
    """An e-value beside what it had to reach. `bar` says what is claimed and at which threshold."""

    bar: Bar
    counts: Counts

    @property
    def log_evalue(self) -> float:
        return self.bar.log_evalue(self.counts)

    @property
    def cleared(self) -> bool:
        return self.bar.cleared(self.counts)

    @property
    def rate(self) -> float | None:
        """hits / valid: of a stopped sample, so read it with `interval`."""
        return self.counts.hits / self.counts.valid if self.counts.valid else None

    @property
    def interval(self) -> Interval:
        """Anytime-valid, 95 %; from every missing draw a miss to every one a hit.

        From the e-values of the claim itself, so that it leaves out the threshold where the claim was cleared (delta at
        most .05).
        """
        return claim_interval(self.counts.hits, self.counts.valid, self.counts.missing)


@dataclass(frozen=True, slots=True)
class Row(Generic[C]):
    """One move that is left, and what was seen without it."""

    name: str
    element: Hashable | None
    removed: tuple[Hashable, ...]
    candidate: C
    kind: Kind
    claim: Claim
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Certificate(Generic[C]):
    """The record of a reduction. Without rows nothing is claimed about single moves.

    threshold     tau, the one rate that all claims are about; None before there was one
    delta         chance that the claims of a certified form are wrong, over the certificate's own samples
    reference     draws of the start that tau was chosen from
    sweep         which attempt at a certificate this is, from 1; 0 where none was made
    confirmation  evidence that the form fires above tau; None where none was asked for
    rows          one for each move that is left
    drift         why the target seems to have changed meanwhile; empty where it does not
    spent         draws by purpose, those of earlier calls included
    steps         every decision
    """

    threshold: float | None
    delta: float
    reference: Counts
    sweep: int
    confirmation: Claim | None
    rows: tuple[Row[C], ...]
    drift: str
    spent: dict[str, int]
    steps: tuple[Step[C], ...]

    @property
    def undecided(self) -> tuple[str, ...]:
        """Names of the moves that were not ruled out."""
        return tuple(row.name for row in self.rows if row.verdict != "ruled out")

    def check(self) -> bool:
        """Whether the counts support the whole claim: it fires, and no single move does."""
        if self.confirmation is None or not self.sweep or self.drift:
            return False
        return self.confirmation.cleared and all(row.claim.cleared for row in self.rows)


@dataclass(frozen=True, slots=True)
class Result(Generic[C]):
    """What `minimize` returns.

    candidate   the smallest form found
    status      certified      it fires above tau and each single move brings it below, with probability 1 - delta
                partial        so far as it goes: `unresolved` and `reason` say what is missing
                quick          shrunk and retained, nothing claimed
                deterministic  the target repeats itself: one draw for each form, no e-values
                too_weak       the start does not fire often enough to be shrunk
                budget         the budget, the caller's clock or Ctrl-C ended it; the best form so far
    hits, trials, missing      fresh draws of `candidate` that did not choose it (of the start, where it is too weak)
    threshold   tau; None where it never came to one
    calls       draws made in this call; `rounds` their makespan where each takes one unit
    unresolved  names of the moves that were not ruled out, where a certificate was tried
    evidence    every draw, for a later call to go on from
    """

    candidate: C
    status: Status
    hits: int
    trials: int
    missing: int
    threshold: float | None
    calls: int
    rounds: int
    unresolved: tuple[str, ...]
    certificate: Certificate[C]
    evidence: tuple[Observation[C], ...]
    reason: str = ""

    @property
    def rate(self) -> float | None:
        return self.hits / self.trials if self.trials else None

    @property
    def interval(self) -> Interval:
        """Anytime-valid interval of the rate, 95 %; from every missing draw a miss to every one a hit."""
        started = self.trials + self.missing
        low = anytime_interval(self.hits, started).low
        return Interval(low, anytime_interval(self.hits + self.missing, started).high)
