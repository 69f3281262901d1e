"""All numbers that steer a reduction, and the decisions that follow from them and from counts.

None of them knows a rate that a benchmark plants: the tests are placed relative to the threshold, and the threshold
relative to the reference rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from fuzzgen.errors import UsageError
from fuzzgen.minimize.draws import Counts
from fuzzgen.stats import TwoPointTest, log_e_high, log_e_low

__all__ = ["Bar", "Levels", "Rules", "fires_test", "keep_test", "levels_of", "search_test"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The reducer's settings. The defaults are for everybody; experiments change them."""

    # reference
    reference_hits: int = 10
    reference_first: int = 32
    reference_most: int = 96
    reference_enough: int = 3
    share_of_reference: float = 0.6
    # search: each candidate's cheap test
    accept: float = 0.05
    reject: float = 0.05
    search_cap: int = 40
    search_missing: int = 8  # missing draws of a candidate, once they outnumber the others, that end its test
    prior: float = 0.1  # chance that an element matters by itself, before anything is known
    sure: float = 0.85  # elements more probably needed than this are left to the certificate
    # retention
    retain_every: int = 5  # adoptions
    retain_after: int = 6  # rejections in a row
    # certificate
    screen: int = 5  # draws that every row gets before any is finished
    pace: int = 5  # draws of rows for one of the incumbent
    row_cap: int = 160  # or `patience` times what rules a move out where all are misses: more where rates are low
    patience: int = 13
    confirmation_cap: int = 640
    missing_cap: int = 40  # or a quarter of the cap in draws
    caution: int = 4  # times what the theorem asks of the confirmation: a form just at tau is the likeliest mistake
    sweeps: int = 8
    drift: float = 0.0005  # chance of crying drift where there is none


@dataclass(frozen=True, slots=True)
class Levels:
    """The rates that a reduction turns on. low < threshold < ceiling.

    low        what not firing looks like to the search
    threshold  tau: the one that everything is claimed about
    ceiling    what firing as often as the start looks like
    """

    low: float
    threshold: float
    ceiling: float


def levels_of(
    rules: Rules, reference: Counts, min_rate: float, threshold: float | None, background: float | None
) -> Levels:
    """The levels that follow from the reference draws.

    tau = max(min_rate, 0.6 * rate, and where a background is given the point half way between it and the rate in
    log-odds), unless `threshold` is given. Without a background the low point is tau / 4.
    """
    rate = reference.hits / max(reference.valid, 1)
    if threshold is None:
        threshold = max(min_rate, rules.share_of_reference * rate)
        if background is not None and 0 < background < 1 and 0 < rate < 1:
            middle = (_logit(background) + _logit(rate)) / 2
            threshold = max(threshold, 1 / (1 + exp(-middle)))
        threshold = min(threshold, 0.95)
    low = threshold / 4 if background is None else min(max(background, threshold / 20), threshold * 0.8)
    ceiling = min(threshold / rules.share_of_reference, (1 + threshold) / 2)
    return Levels(low, threshold, ceiling)


def search_test(rules: Rules, levels: Levels) -> TwoPointTest:
    """Between not firing and firing: a handful of draws. The upper rate lies half way from the threshold to the start's,
    so that a form at the threshold, which could never be certified, is rejected more often than not."""
    high = (levels.threshold + levels.ceiling) / 2
    return TwoPointTest(levels.low, high, rules.accept, rules.reject, rules.search_cap)


def keep_test(levels: Levels) -> TwoPointTest:
    """Whether a form is worth certifying. Its upper rate is below the start's, which may have been overrated."""
    cap = round(54 / levels.threshold)  # 150 at .36: rare events take more draws to tell apart
    return TwoPointTest(0.85 * levels.threshold, (levels.threshold + levels.ceiling) / 2, 0.05, 0.02, cap)


def fires_test(levels: Levels) -> TwoPointTest:
    """Whether a move of a certificate seems to fire after all."""
    return TwoPointTest(levels.threshold / 2, levels.ceiling, 0.02, 0.2, 1_000)


def _logit(rate: float) -> float:
    return log(rate / (1 - rate))


@dataclass(frozen=True, slots=True)
class Bar:
    """An e-value that a claim needs: "fires" (E_lo) or "silent" (E_hi) at the threshold.

    Missing draws count against the claim: as misses where it says that something fires, as hits where it says that
    something is silent.
    """

    claim: str
    threshold: float
    required: float

    def __post_init__(self) -> None:
        if self.claim not in ("fires", "silent"):
            raise UsageError(f"no claim {self.claim!r}", fix="use fires or silent")

    def log_evalue(self, counts: Counts) -> float:
        """The log e-value of these counts."""
        if self.claim == "fires":
            return log_e_low(counts.hits, counts.started, self.threshold)
        return log_e_high(counts.hits + counts.missing, counts.started, self.threshold)

    def cleared(self, counts: Counts) -> bool:
        """Whether they reach what is required."""
        return self.log_evalue(counts) >= log(self.required)
