"""Evidence that may be looked at after every episode: e-values for "fires" and "does not fire".

A scenario fires with an unknown probability p. After h hits in n trials, taken in the order of their launch,

    E_hi(h, n; t) = sum over q < t of w_q (q/t)^h ((1-q)/(1-t))^(n-h)     evidence against p >= t: it does not fire
    E_lo(h, n; t) = sum over q > t of w_q (q/t)^h ((1-q)/(1-t))^(n-h)     evidence against p <= t: it fires

Under the hypothesis that it speaks against, the expected value of each never exceeds 1, so by Ville's inequality the
chance that it *ever* reaches 1/alpha is at most alpha: one may stop whenever one likes, and the values of independent
samples may be averaged. With a single q it is the likelihood ratio of Wald's sequential test.

The alternatives q are spread geometrically in *log-odds distance* from t, the same on both sides and for every t.
Nothing in them knows what rate a benchmark plants. A fixed distance in log-odds also makes E_hi rise and E_lo fall
strictly with t, so that turning them into an interval (`anytime_interval`) is a bisection.

Everything is in natural logarithms: e-values of a few hundred episodes overflow nothing, but their products would.

Sources: Ville (1939); Robbins (1970), Statistical methods related to the law of the iterated logarithm; Ramdas,
Gruenwald, Vovk and Shafer (2023), Game-theoretic statistics and safe anytime-valid inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, inf, log, log1p

from fuzzgen.stats._checks import check_counts, check_probability

__all__ = ["DISTANCES", "Distances", "alternatives", "log_e_high", "log_e_low", "log_mean_exp"]

Distances = tuple[float, ...]
"""How far the alternatives lie from the threshold, in log-odds; all have the same weight."""

DISTANCES: Distances = (0.4, 0.8, 1.6, 3.2)
"""At a threshold of .36 the alternatives are .28, .20, .10 and .02 below, and .46, .56, .74 and .93 above."""


def log_e_low(hits: int, trials: int, threshold: float, distances: Distances = DISTANCES) -> float:
    """Log e-value against "p <= threshold": large when the scenario fires above it.

    Compare with log(1/alpha). Raises UsageError on counts that are none or a threshold outside (0, 1).
    """
    return _log_e(hits, trials, threshold, distances)


def log_e_high(hits: int, trials: int, threshold: float, distances: Distances = DISTANCES) -> float:
    """Log e-value against "p >= threshold": large when the scenario does not fire at it.

    Compare with log(1/alpha). Raises UsageError on counts that are none or a threshold outside (0, 1).
    """
    return _log_e(hits, trials, threshold, tuple(-d for d in distances))


def alternatives(threshold: float, distances: Distances = DISTANCES) -> tuple[float, ...]:
    """The rates q at the given signed log-odds distances from `threshold`."""
    check_probability("threshold", threshold)
    odds = threshold / (1 - threshold)
    return tuple(odds * exp(d) / (1 + odds * exp(d)) for d in distances)


def log_mean_exp(logs: Sequence[float]) -> float:
    """The log of the mean of what the logs stand for: how e-values are averaged. Empty gives -inf."""
    top = max(logs, default=-inf)
    if top in (-inf, inf):
        return top
    return top + log(sum(exp(x - top) for x in logs) / len(logs))


def _log_e(hits: int, trials: int, threshold: float, distances: Distances) -> float:
    check_counts(hits, trials)
    return log_mean_exp([hits * hit + (trials - hits) * miss for hit, miss in _steps(threshold, distances)])


@lru_cache(maxsize=4096)
def _steps(threshold: float, distances: Distances) -> tuple[tuple[float, float], ...]:
    """For each alternative, what one hit and one miss add to the log likelihood ratio."""
    pairs = zip(distances, alternatives(threshold, distances), strict=True)
    # (1-q)/(1-t) = (1+odds(t))/(1+odds(q)), and q/t is that times exp(d): exact where 1-q would have cancelled.
    misses = [(d, log1p(-q) - log1p(-threshold)) for d, q in pairs]
    return tuple((d + miss, miss) for d, miss in misses)
