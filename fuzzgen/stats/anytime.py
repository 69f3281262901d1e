"""Intervals that stay valid however the trials were stopped: the thresholds that no e-value rules out.

The rates in a certificate come from samples that ended when they had shown enough. A fixed-sample interval of them is
too short and off to one side; this one covers at every moment at once with probability 1 - alpha.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log

from fuzzgen.stats._checks import check_counts, check_probability
from fuzzgen.stats.evalues import DISTANCES, Distances, log_e_high, log_e_low
from fuzzgen.stats.intervals import Interval

__all__ = ["INTERVAL_DISTANCES", "anytime_interval"]

INTERVAL_DISTANCES = (0.05, 0.1, 0.2, *DISTANCES)
"""Those of the e-values and three nearer ones, so that the interval goes on shrinking with thousands of trials. Since
the others are among them, a rate that was ruled out with an e-value of 3.5/alpha lies outside the interval."""

_WIDEST = 40.0
"""Log-odds beyond which a rate is 0 or 1 to the last digit."""


def anytime_interval(
    hits: int, trials: int, alpha: float = 0.05, distances: Distances = INTERVAL_DISTANCES
) -> Interval:
    """The rates that neither E_lo nor E_hi rules out at alpha/2 each: a confidence sequence.

    With probability 1 - alpha the true rate is inside after every trial, so it may be read at any stopping time. With
    no trials it is (0, 1). With the `distances` of the e-values themselves, a rate that was ruled out with an e-value of
    2/alpha lies outside. Source: the inversion of e-processes, e.g. Howard, Ramdas, McAuliffe and Sekhon (2021).
    """
    check_counts(hits, trials)
    check_probability("alpha", alpha)
    bar = log(2 / alpha)

    def below(rate: float) -> bool:
        return log_e_low(hits, trials, rate, distances) >= bar

    def above(rate: float) -> bool:
        return log_e_high(hits, trials, rate, distances) >= bar

    # E_lo falls and E_hi rises with the rate, so each end is found by halving.
    low = 0.0 if hits == 0 else _last(below, from_low=True)
    high = 1.0 if hits == trials else _last(above, from_low=False)
    return Interval(low, high)


def _last(ruled_out: Callable[[float], bool], *, from_low: bool) -> float:
    """The end of the ruled-out stretch that starts at rate 0 (or 1), to about 1e-9; else that end itself."""
    outside, inside = (-_WIDEST, _WIDEST) if from_low else (_WIDEST, -_WIDEST)
    if not ruled_out(_rate(outside)):
        return 0.0 if from_low else 1.0
    while abs(outside - inside) > 1e-9:
        middle = (outside + inside) / 2
        if ruled_out(_rate(middle)):
            outside = middle
        else:
            inside = middle
    return _rate(outside)


def _rate(log_odds: float) -> float:
    # The last representable rate below 1 keeps log(1 - rate) finite.
    return min(1 / (1 + exp(-log_odds)), 1 - 2**-53)
