"""Intervals of a rate from a fixed number of trials."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from fuzzgen.errors import UsageError
from fuzzgen.stats import clopper_pearson, clopper_pearson_upper, nothing_found_bound, rate_summary, wilson


@st.composite
def counts(draw: st.DrawFn, most: int = 300) -> tuple[int, int]:
    trials = draw(st.integers(1, most))
    return draw(st.integers(0, trials)), trials


@given(counts(), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_agree_with_scipy(count: tuple[int, int], confidence: float) -> None:
    test = binomtest(*count)
    for ours, name in ((wilson, "wilson"), (clopper_pearson, "exact")):
        theirs = test.proportion_ci(confidence, name)
        mine = ours(*count, confidence)
        assert mine.low == pytest.approx(theirs.low, abs=1e-9)
        assert mine.high == pytest.approx(theirs.high, abs=1e-9)


@given(counts())
def test_hold_the_observed_rate_and_the_exact_one_is_the_same_seen_from_the_other_side(count: tuple[int, int]) -> None:
    hits, trials = count
    for interval in (wilson(hits, trials), clopper_pearson(hits, trials)):
        assert 0 <= interval.low <= hits / trials <= interval.high <= 1
    mirrored = clopper_pearson(trials - hits, trials)
    assert mirrored.low == pytest.approx(1 - clopper_pearson(hits, trials).high, abs=1e-9)


def test_no_trials_say_nothing() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)
    assert (clopper_pearson(0, 0).low, clopper_pearson(0, 0).high) == (0, 1)


@pytest.mark.parametrize("count", [(-1, 3), (4, 3)])
def test_refuse_what_is_no_count(count: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="is not a count"):
        wilson(*count)


@given(counts(), st.integers(0, 50))
def test_a_summary_shows_the_worst_that_the_gaps_could_hide(count: tuple[int, int], missing: int) -> None:
    hits, valid = count
    summary = rate_summary(hits, valid, valid + missing)
    assert summary.missing == missing
    assert summary.rate == hits / valid
    assert summary.rate_of_started is not None and summary.rate_if_missing_hit is not None
    assert summary.rate_of_started <= summary.rate <= summary.rate_if_missing_hit
    for lost_hits in (0, missing // 2, missing):
        assert wilson(hits + lost_hits, valid + missing).low >= summary.worst.low - 1e-12
        assert wilson(hits + lost_hits, valid + missing).high <= summary.worst.high + 1e-12


def test_a_summary_of_nothing_valid_has_no_rate() -> None:
    summary = rate_summary(0, 0, 5)
    assert summary.rate is None
    assert (summary.rate_of_started, summary.rate_if_missing_hit) == (0, 1)
    with pytest.raises(UsageError, match="started"):
        rate_summary(1, 3, 2)


def test_nothing_found_is_the_rule_of_three() -> None:
    assert nothing_found_bound(0, 1000, 0.1) == pytest.approx(3 / (1000 * 0.1), rel=0.01)
    assert nothing_found_bound(0, 0, 0.1) == 1
    assert nothing_found_bound(5, 1000, 0.1) == pytest.approx(clopper_pearson_upper(5, 1000) / 0.1)
    assert nothing_found_bound(900, 1000, 0.1) == 1


def test_nothing_found_bound_holds_in_a_population_with_triggers() -> None:
    share, rate, trials, rng = 0.05, 0.3, 300, Random(5)
    bounds = [
        nothing_found_bound(sum(rng.random() < share * rate for _ in range(trials)), trials, rate) for _ in range(400)
    ]
    assert sum(bound < share for bound in bounds) / len(bounds) <= 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5
