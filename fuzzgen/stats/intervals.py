"""How often, and how sure: intervals of a rate from a number of trials fixed in advance.

Use these for samples whose size did not depend on their outcome. Whatever was looked at while it was still running
wants `fuzzgen.stats.anytime_interval`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from fuzzgen.errors import UsageError
from fuzzgen.stats._checks import check_counts, check_probability

__all__ = ["Interval", "RateSummary", "clopper_pearson", "clopper_pearson_upper", "rate_summary", "wilson"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Two ends of a range of probabilities (or of differences of probabilities)."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def width(self) -> float:
        return self.high - self.low


def wilson(hits: int, trials: int, confidence: float = 0.95) -> Interval:
    """The score interval: covers `confidence` on average over rates; short, and sensible for small samples.

    With no trials it is (0, 1). Source: Wilson (1927), Probable inference, JASA 22.
    """
    check_counts(hits, trials)
    check_probability("confidence", confidence)
    if trials == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate, spread = hits / trials, z * z / trials
    middle = (rate + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(rate * (1 - rate) / trials + spread / (4 * trials))
    return Interval(0.0 if hits == 0 else max(0.0, middle - half), 1.0 if hits == trials else min(1.0, middle + half))


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> Interval:
    """The exact interval: covers at least `confidence` at every rate, hence wider than Wilson's.

    With no trials it is (0, 1). Source: Clopper and Pearson (1934), Biometrika 26.
    """
    check_counts(hits, trials)
    check_probability("confidence", confidence)
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1 - tail))
    return Interval(low, high)


def clopper_pearson_upper(hits: int, trials: int, confidence: float = 0.95) -> float:
    """The exact one-sided upper bound: with probability `confidence` the rate is not above it.

    With no hits it is 1 - (1 - confidence)**(1 / trials), about 3 / trials at .95 (the rule of three).
    """
    check_probability("confidence", confidence)
    check_counts(hits, trials)
    from scipy.special import betaincinv

    return 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, confidence))


@dataclass(frozen=True, slots=True)
class RateSummary:
    """One rate told in full: of the valid trials, of all that were started, and the worst that the gaps could hide."""

    hits: int
    valid: int
    started: int
    confidence: float
    interval: Interval
    """Wilson's interval of hits / valid."""
    exact: Interval
    """Clopper and Pearson's interval of hits / valid."""
    worst: Interval
    """From Wilson's low end with every missing trial a miss to its high end with every missing trial a hit."""

    @property
    def missing(self) -> int:
        """Trials that were started and gave neither hit nor miss."""
        return self.started - self.valid

    @property
    def rate(self) -> float | None:
        """hits / valid; None where no trial was valid."""
        return self.hits / self.valid if self.valid else None

    @property
    def rate_of_started(self) -> float | None:
        """hits / started, which is also the rate if every missing trial was a miss; None where none was started."""
        return self.hits / self.started if self.started else None

    @property
    def rate_if_missing_hit(self) -> float | None:
        """The rate if every missing trial had been a hit; None where none was started."""
        return (self.hits + self.missing) / self.started if self.started else None


def rate_summary(hits: int, valid: int, started: int | None = None, confidence: float = 0.95) -> RateSummary:
    """The rate of `hits` among `valid` trials, beside what the other `started - valid` could have been.

    Raises UsageError unless 0 <= hits <= valid <= started.
    """
    started = valid if started is None else started
    check_counts(hits, valid)
    if started < valid:
        raise UsageError(f"{valid} valid of {started} started trials", fix="give started >= valid")
    missing = started - valid
    worst = Interval(wilson(hits, started, confidence).low, wilson(hits + missing, started, confidence).high)
    short, exact = wilson(hits, valid, confidence), clopper_pearson(hits, valid, confidence)
    return RateSummary(hits, valid, started, confidence, short, exact, worst)
