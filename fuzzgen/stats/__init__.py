"""Honest counting: intervals, e-values, sequential tests. Pure functions of counts; no clock, file or random number.

intervals    rates from samples of a fixed size, with hits / valid, hits / started and the worst case
evalues      evidence that may be looked at after every episode, as logs
anytime      intervals for samples that stopped when they had seen enough
sequential   the cheap test that steers the search
elond        confirming many candidates with few false ones
population   what it means that nothing was found
judges       rates behind a judge that errs
"""

from __future__ import annotations

from fuzzgen.stats.anytime import anytime_interval
from fuzzgen.stats.elond import Confirmation, ConfirmationState, elond_gamma, elond_level
from fuzzgen.stats.evalues import log_e_high, log_e_low, log_mean_exp
from fuzzgen.stats.intervals import Interval, RateSummary, clopper_pearson, clopper_pearson_upper, rate_summary, wilson
from fuzzgen.stats.judges import CorrectedRate, Count, rogan_gladen
from fuzzgen.stats.population import nothing_found_bound
from fuzzgen.stats.sequential import Decision, TwoPointTest

__all__ = [
    "Confirmation",
    "ConfirmationState",
    "CorrectedRate",
    "Count",
    "Decision",
    "Interval",
    "RateSummary",
    "TwoPointTest",
    "anytime_interval",
    "clopper_pearson",
    "clopper_pearson_upper",
    "elond_gamma",
    "elond_level",
    "log_e_high",
    "log_e_low",
    "log_mean_exp",
    "nothing_found_bound",
    "rate_summary",
    "rogan_gladen",
    "wilson",
]
