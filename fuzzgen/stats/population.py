"""What a random stream of episodes says about all situations that it could have drawn, when it found little."""

from __future__ import annotations

from fuzzgen.errors import UsageError
from fuzzgen.stats._checks import check_counts, check_probability
from fuzzgen.stats.intervals import clopper_pearson_upper

__all__ = ["nothing_found_bound"]


def nothing_found_bound(hits: int, trials: int, min_rate: float, confidence: float = 0.95) -> float:
    """The largest share of situations that can have a rate of at least `min_rate`.

    hits, trials  of the unbiased random stream, one episode for each sampled situation
    Of situations a share x with rate >= r gives at least x*r hits, so x is at most the upper bound of the hit rate
    divided by r: with no hits about 3 / (trials * min_rate). With no trials it is 1.
    """
    check_counts(hits, trials)
    if not 0 < min_rate <= 1:
        raise UsageError(f"min_rate is {min_rate!r}", fix="give a rate above 0 and at most 1")
    check_probability("confidence", confidence)
    return min(1.0, clopper_pearson_upper(hits, trials, confidence) / min_rate)
