"""Rates behind a judge that errs."""

from __future__ import annotations

from random import Random

import pytest

from fuzzgen.errors import UsageError
from fuzzgen.stats import Count, rogan_gladen


def test_a_perfect_judge_needs_no_correction() -> None:
    corrected = rogan_gladen(Count(30, 100), Count(500, 500), Count(500, 500))
    assert corrected.rate == pytest.approx(0.3)
    assert corrected.interval.low < 0.3 < corrected.interval.high


def test_the_known_errors_are_taken_back() -> None:
    true, sensitivity, specificity = 0.2, 0.8, 0.95
    seen = true * sensitivity + (1 - true) * (1 - specificity)
    corrected = rogan_gladen(Count(round(seen * 10_000), 10_000), Count(800, 1000), Count(950, 1000))
    assert corrected.rate == pytest.approx(true, abs=1e-3)


def test_a_rate_below_the_judges_own_false_alarms_is_zero_and_not_negative() -> None:
    corrected = rogan_gladen(Count(1, 100), Count(45, 50), Count(45, 50))
    assert corrected.rate == 0
    assert corrected.interval.low == 0


def test_less_labelled_episodes_widen_the_interval() -> None:
    few = rogan_gladen(Count(30, 100), Count(9, 10), Count(9, 10))
    many = rogan_gladen(Count(30, 100), Count(900, 1000), Count(900, 1000))
    assert few.interval.width > many.interval.width


def test_a_judge_no_better_than_a_coin_is_refused() -> None:
    with pytest.raises(UsageError, match="no better than chance"):
        rogan_gladen(Count(30, 100), Count(5, 10), Count(5, 10))
    with pytest.raises(UsageError, match="no trials"):
        Count(0, 0)


@pytest.mark.parametrize(
    ("true", "sensitivity", "specificity"), [(0.1, 0.8, 0.95), (0.4, 0.9, 0.9), (0.02, 0.85, 0.97)]
)
def test_the_interval_covers_with_everything_estimated(true: float, sensitivity: float, specificity: float) -> None:
    rng, runs, covered = Random(2), 500, 0

    def count(rate: float, trials: int) -> Count:
        return Count(sum(rng.random() < rate for _ in range(trials)), trials)

    for _ in range(runs):
        seen = count(true * sensitivity + (1 - true) * (1 - specificity), 200)
        covered += true in rogan_gladen(seen, count(sensitivity, 60), count(specificity, 100)).interval
    assert covered / runs >= 0.93
