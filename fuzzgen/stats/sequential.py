"""The cheap test of the search: is this rate rather `high` or rather `low`, in as few episodes as possible?

Wald's sequential probability ratio test between two points. It misjudges now and then, by design: whatever it says
only steers the search, and is tested afresh before anything is claimed from it.

Source: Wald (1945), Sequential tests of statistical hypotheses, Annals of Mathematical Statistics 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Literal

from fuzzgen.errors import UsageError
from fuzzgen.stats._checks import check_counts, check_probability

__all__ = ["Decision", "TwoPointTest"]

Decision = Literal["accept", "reject", "open"]


@dataclass(frozen=True, slots=True)
class TwoPointTest:
    """Accepts "the rate is high" or rejects it.

    low, high  the two rates
    accept     chance of accepting at `low` (approximately; Wald's bounds)
    reject     chance of rejecting at `high`
    cap        trials after which the nearer bound decides
    """

    low: float
    high: float
    accept: float = 0.05
    reject: float = 0.2
    cap: int = 200

    def __post_init__(self) -> None:
        check_probability("low", self.low)
        check_probability("high", self.high)
        check_probability("accept", self.accept)
        check_probability("reject", self.reject)
        if self.low >= self.high:
            raise UsageError(f"low {self.low} is not below high {self.high}", fix="give low < high")
        if self.accept + self.reject >= 1:
            raise UsageError("the two error rates sum to 1 or more", fix="give accept + reject < 1")

    def log_ratio(self, hits: int, trials: int) -> float:
        """Log likelihood ratio of `high` against `low`."""
        check_counts(hits, trials)
        return hits * log(self.high / self.low) + (trials - hits) * log((1 - self.high) / (1 - self.low))

    @property
    def upper(self) -> float:
        """The log ratio at which it accepts."""
        return log((1 - self.reject) / self.accept)

    @property
    def lower(self) -> float:
        """The log ratio at which it rejects."""
        return log(self.reject / (1 - self.accept))

    def decide(self, hits: int, trials: int) -> Decision:
        """What the counts say so far; never "open" once `cap` trials are in."""
        ratio = self.log_ratio(hits, trials)
        if ratio >= self.upper:
            return "accept"
        if ratio <= self.lower:
            return "reject"
        if trials < self.cap:
            return "open"
        return "accept" if self.upper - ratio <= ratio - self.lower else "reject"
