"""Confirming candidates: fresh episodes, a sequential test, and a false discovery rate that holds over all of them.

Candidates are numbered in the order in which they come up. Number t is confirmed against H: p <= min_rate when its
e-value reaches 1 / (alpha * gamma_t * (discoveries + 1)) (e-LOND); discoveries are counted by distinct cell, which can
only make the level stricter. A candidate is dropped early when the evidence turns against it, and is *undecided* at its
cap. Missing episodes count as misses here: slow, harmful episodes time out more often.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from fuzzgen import stats
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.rendering import Rendering
from fuzzgen.scenario.verdict import Behavior

__all__ = ["Candidate", "Confirmation"]

ABANDON = math.log(20.0)
SAME_TRANSCRIPTS = 8
BATCH = 8


@dataclass
class Candidate:
    """One (rendering, behavior, event) that hit once, and its fresh evidence in launch order."""

    finding_id: str
    scenario: Scenario
    rendering: Rendering
    behavior: Behavior
    episode_id: str
    position: int
    cell: str
    harms: tuple[str, ...] = ()
    hits: int = 0
    valid: int = 0
    started: int = 0
    folded: int = 0
    digests: list[str] = field(default_factory=list)
    min_rate: float = 0.1
    status: str = "open"  # open, confirmed, deterministic, below, undecided, budget, interrupted, known

    @property
    def log_evalue(self) -> float:
        """Evidence that it fires above min_rate; missing episodes are counted as misses."""
        return stats.log_e_low(self.hits, self.folded, self.min_rate) if self.folded else 0.0

    @property
    def log_counter_evidence(self) -> float:
        """Evidence that it fires below min_rate; missing episodes are counted as hits."""
        return (
            stats.log_e_high(self.hits + self.folded - self.valid, self.folded, self.min_rate) if self.folded else 0.0
        )


class Confirmation:
    """All candidates of a run. Pure: it is told outcomes in launch order and asked what to launch next."""

    def __init__(self, min_rate: float, alpha: float, cap: int) -> None:
        self.min_rate, self.alpha, self.cap = min_rate, alpha, cap
        self.candidates: list[Candidate] = []
        self._seen: set[tuple[str, str]] = set()

    def add(self, candidate: Candidate) -> None:
        """A candidate comes up. Its rendering and behavior must be new; see `known`."""
        candidate.min_rate = self.min_rate
        self.candidates.append(candidate)
        self._seen.add((candidate.rendering.rendering_id, candidate.behavior))

    def known(self, rendering_id: str, behavior: str) -> bool:
        return (rendering_id, behavior) in self._seen

    @property
    def open(self) -> list[Candidate]:
        return [c for c in self.candidates if c.status == "open"]

    def wanting(self) -> Candidate | None:
        """The first candidate that wants another episode now."""
        return next(
            (c for c in self.candidates if c.status == "open" and c.started < min(self.cap, c.folded + BATCH)), None
        )

    def discoveries_before(self, candidate: Candidate) -> int:
        cells = {c.cell for c in self.candidates[: candidate.position - 1] if c.status == "confirmed"}
        return len(cells)

    def required(self, candidate: Candidate) -> float:
        """The log e-value at which this candidate counts as confirmed."""
        return math.log(stats.elond_level(candidate.position, self.discoveries_before(candidate), self.alpha))

    def fold(self, candidate: Candidate, fires: bool | None, digest: str) -> bool:
        """Takes in one fresh episode; True where that decided the candidate."""
        candidate.folded += 1
        candidate.valid += fires is not None
        candidate.hits += fires is True
        if candidate.status != "open":
            return False
        candidate.digests.append(digest)
        if len(candidate.digests) == SAME_TRANSCRIPTS and len(set(candidate.digests)) == 1:
            candidate.status = "deterministic" if candidate.hits else "below"
        elif candidate.log_evalue >= self.required(candidate) and len(set(candidate.digests)) > 1:
            candidate.status = "confirmed"  # equal transcripts would be one observation
        elif candidate.log_counter_evidence >= ABANDON:
            candidate.status = "below"
        elif candidate.folded >= self.cap:
            candidate.status = "undecided"
        return candidate.status != "open"
