"""The rate behind an imperfect judge.

A judge that misses some acts and sees others that are not there shifts every rate. Where its sensitivity and
specificity were measured on labelled episodes, the shift can be taken back, at the price of a wider interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from fuzzgen.errors import UsageError
from fuzzgen.stats._checks import check_counts, check_probability
from fuzzgen.stats.intervals import Interval

__all__ = ["CorrectedRate", "Count", "rogan_gladen"]


@dataclass(frozen=True, slots=True)
class Count:
    """So many of so many: true positives of the positives, or true negatives of the negatives."""

    hits: int
    trials: int

    def __post_init__(self) -> None:
        check_counts(self.hits, self.trials)
        if self.trials == 0:
            raise UsageError("a count of no trials", fix="measure the judge on labelled episodes first")

    @property
    def rate(self) -> float:
        return self.hits / self.trials


@dataclass(frozen=True, slots=True)
class CorrectedRate:
    """A rate as it would be with a judge that never errs. Both parts lie in [0, 1]."""

    rate: float
    interval: Interval


def rogan_gladen(seen: Count, sensitivity: Count, specificity: Count, confidence: float = 0.95) -> CorrectedRate:
    """The true rate, from what the judge saw and how it did on labelled episodes.

    rate = (seen + specificity - 1) / (sensitivity + specificity - 1), cut to [0, 1]. The interval carries the
    uncertainty of all three counts. Raises UsageError where the judge is no better than a coin.

    Sources: Rogan and Gladen (1978), American Journal of Epidemiology 107; the interval is that of Lang and Reiczigel
    (2014), Confidence limits for prevalence of disease adjusted for estimated sensitivity and specificity.
    """
    check_probability("confidence", confidence)
    gain = sensitivity.rate + specificity.rate - 1
    if gain <= 0:
        raise UsageError(
            f"sensitivity {sensitivity.rate:.2f} and specificity {specificity.rate:.2f} are no better than chance",
            fix="use another judge: no correction helps this one",
        )
    rate = (seen.rate + specificity.rate - 1) / gain
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    n, n_sens, n_spec = seen.trials + z * z, sensitivity.trials + 2, specificity.trials + 2
    p = (seen.hits + z * z / 2) / n
    sens, spec = (sensitivity.hits + 1) / n_sens, (specificity.hits + 1) / n_spec
    adjusted_gain = sens + spec - 1
    if adjusted_gain <= 0:
        return CorrectedRate(min(max(rate, 0.0), 1.0), Interval(0.0, 1.0))
    middle = (p + spec - 1) / adjusted_gain
    of_sens, of_spec = sens * (1 - sens) / n_sens, spec * (1 - spec) / n_spec
    shift = 2 * z * z * (middle * of_sens - (1 - middle) * of_spec)
    error = sqrt(p * (1 - p) / n + middle**2 * of_sens + (1 - middle) ** 2 * of_spec) / adjusted_gain
    low, high = middle + shift - z * error, middle + shift + z * error
    cut = [min(max(x, 0.0), 1.0) for x in (rate, low, high)]
    return CorrectedRate(cut[0], Interval(cut[1], cut[2]))
