"""E-values, what follows from them, and the cheap test of the search."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import comb, exp, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzgen.errors import UsageError
from fuzzgen.stats import (
    Confirmation,
    TwoPointTest,
    anytime_interval,
    elond_gamma,
    elond_level,
    log_e_high,
    log_e_low,
    log_mean_exp,
)

rates = st.floats(0.01, 0.99)


@st.composite
def counts(draw: st.DrawFn, most: int = 200) -> tuple[int, int]:
    trials = draw(st.integers(0, most))
    return draw(st.integers(0, trials)), trials


@given(counts(), rates, rates)
def test_another_trial_is_never_expected_to_raise_the_evidence_against_the_truth(
    count: tuple[int, int], threshold: float, other: float
) -> None:
    hits, trials = count
    for log_e, truth in ((log_e_low, min(threshold, other)), (log_e_high, max(threshold, other))):
        after_hit = log_e(hits + 1, trials + 1, threshold) - log_e(hits, trials, threshold)
        after_miss = log_e(hits, trials + 1, threshold) - log_e(hits, trials, threshold)
        assert truth * exp(after_hit) + (1 - truth) * exp(after_miss) <= 1 + 1e-9


@pytest.mark.parametrize("threshold", [0.05, 0.1, 0.36, 0.8])
@pytest.mark.parametrize("log_e", [log_e_low, log_e_high])
def test_at_the_threshold_the_expected_value_is_exactly_one(
    log_e: Callable[[int, int, float], float], threshold: float
) -> None:
    for trials in (1, 7, 40):
        chances = [comb(trials, h) * threshold**h * (1 - threshold) ** (trials - h) for h in range(trials + 1)]
        assert sum(c * exp(log_e(h, trials, threshold)) for h, c in enumerate(chances)) == pytest.approx(1)


@pytest.mark.parametrize("alpha", [0.2, 0.05])
def test_the_chance_of_ever_being_misled_is_at_most_alpha_by_enumeration_of_all_paths(alpha: float) -> None:
    threshold, most = 0.36, 400
    for log_e in (log_e_low, log_e_high):
        alive, misled = {0: 1.0}, 0.0
        for trials in range(1, most + 1):
            after: dict[int, float] = {}
            for (hits, chance), hit in product(alive.items(), (0, 1)):
                weight = chance * (threshold if hit else 1 - threshold)
                if log_e(hits + hit, trials, threshold) >= log(1 / alpha):
                    misled += weight
                else:
                    after[hits + hit] = after.get(hits + hit, 0.0) + weight
            alive = after
        assert 0 < misled <= alpha


@given(counts(), rates, rates)
def test_evidence_is_monotone_in_the_threshold(count: tuple[int, int], one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert log_e_low(*count, low) >= log_e_low(*count, high) - 1e-9
    assert log_e_high(*count, low) <= log_e_high(*count, high) + 1e-9


@given(counts(most=100), rates)
def test_evidence_is_the_same_seen_from_the_other_side(count: tuple[int, int], threshold: float) -> None:
    hits, trials = count
    mirrored = log_e_high(trials - hits, trials, 1 - threshold)
    assert log_e_low(hits, trials, threshold) == pytest.approx(mirrored, abs=1e-6)


def test_no_trials_are_no_evidence_and_many_do_not_overflow() -> None:
    assert log_e_low(0, 0, 0.3) == log_e_high(0, 0, 0.3) == pytest.approx(0)
    assert log_e_low(100_000, 100_000, 0.1) > 1000
    assert log_e_high(100_000, 100_000, 0.1) < 0


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1, 1.5])
def test_a_threshold_that_is_no_rate_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError, match="threshold"):
        log_e_low(1, 2, threshold)


def test_means_of_logs() -> None:
    assert log_mean_exp([log(1), log(3)]) == pytest.approx(log(2))
    assert log_mean_exp([]) == float("-inf")
    assert log_mean_exp([1000.0, 1000.0]) == pytest.approx(1000)


@given(counts(most=2000), st.sampled_from([0.01, 0.05, 0.2]))
def test_an_anytime_interval_is_what_the_evidence_does_not_rule_out(count: tuple[int, int], alpha: float) -> None:
    hits, trials = count
    interval = anytime_interval(hits, trials, alpha)
    assert 0 <= interval.low <= (hits / trials if trials else 0.5) <= interval.high <= 1
    for threshold in (0.05, 0.2, 0.36, 0.5, 0.8):
        if log_e_high(hits, trials, threshold) >= log(3.5 / alpha):
            assert interval.high < threshold
        if log_e_low(hits, trials, threshold) >= log(3.5 / alpha):
            assert interval.low > threshold


@pytest.mark.parametrize("rate", [0.02, 0.36, 0.9])
def test_an_anytime_interval_covers_although_we_stop_at_the_worst_moment(rate: float) -> None:
    rng, runs, left = Random(3), 150, 0
    bounds: dict[tuple[int, int], tuple[float, float]] = {}
    for _ in range(runs):
        hits = 0
        for trials in range(1, 121):
            hits += rng.random() < rate
            if (hits, trials) not in bounds:
                interval = anytime_interval(hits, trials, 0.2)
                bounds[hits, trials] = interval.low, interval.high
            low, high = bounds[hits, trials]
            if not low <= rate <= high:
                left += 1
                break
    assert left / runs <= 0.2


def test_an_anytime_interval_shrinks_with_thousands_of_trials() -> None:
    assert anytime_interval(3000, 10_000).width < 0.035
    assert anytime_interval(30_000, 100_000).width < 0.015
    assert (anytime_interval(0, 0).low, anytime_interval(0, 0).high) == (0, 1)


def test_the_two_point_test_errs_about_as_often_as_it_says() -> None:
    test, rng, runs = TwoPointTest(0.09, 0.36), Random(1), 3000

    def accepted(rate: float) -> float:
        count = 0
        for _ in range(runs):
            hits = trials = 0
            while (decision := test.decide(hits, trials)) == "open":
                hits, trials = hits + (rng.random() < rate), trials + 1
            count += decision == "accept"
        return count / runs

    assert accepted(0.09) <= 0.05 * 1.1
    assert accepted(0.36) >= 1 - 0.2 * 1.3
    assert accepted(0.6) >= 0.9


@given(counts(), st.integers(1, 60))
def test_the_two_point_test_is_never_open_at_its_cap(count: tuple[int, int], cap: int) -> None:
    hits, trials = count
    decision = TwoPointTest(0.1, 0.4, cap=cap).decide(hits, trials)
    assert decision != "open" or trials < cap


@pytest.mark.parametrize(
    ("low", "high", "accept", "reject"), [(0.4, 0.1, 0.05, 0.2), (0.1, 0.4, 0.6, 0.5), (0, 0.4, 0.05, 0.2)]
)
def test_the_two_point_test_refuses_nonsense(low: float, high: float, accept: float, reject: float) -> None:
    with pytest.raises(UsageError):
        TwoPointTest(low, high, accept, reject)


def test_the_levels_sum_to_one_and_fall_slowly() -> None:
    total = sum(elond_gamma(t) for t in range(1, 20_001))
    assert total == pytest.approx(1 - 1 / (1 + log(20_001)))
    assert elond_gamma(1000) > 1e-5
    assert elond_level(1, 0, 0.05) == pytest.approx(20 / elond_gamma(1))
    assert elond_level(7, 3, 0.05) == pytest.approx(elond_level(7, 0, 0.05) / 4)
    for bad in ((0, 0), (1, -1)):
        with pytest.raises(UsageError):
            elond_level(*bad)


def test_few_of_many_candidates_at_the_threshold_are_confirmed() -> None:
    """A hundred searches of sixty scenarios each that are all exactly at the rate to exceed."""
    rng, false_share, searches = Random(11), 0.0, 100
    for _ in range(searches):
        discoveries = 0
        for position in range(1, 61):
            rule, hits, trials = Confirmation(position, 0.2, cap=60), 0, 0
            while (state := rule.decide(hits, trials, discoveries)) == "open":
                hits, trials = hits + (rng.random() < 0.2), trials + 1
            discoveries += state == "confirmed"
        false_share += discoveries > 0
    assert false_share / searches <= 0.05


def test_a_real_trigger_is_confirmed_and_a_lucky_one_dismissed_early() -> None:
    rule = Confirmation(1, 0.1)
    assert rule.decide(9, 12, 0) == "confirmed"
    assert rule.decide(0, 60, 0) == "dismissed"
    assert rule.decide(0, 0, 0) == "open"
    assert rule.decide(48, 400, 0) == "undecided"


def test_missing_trials_count_against_whatever_is_claimed() -> None:
    rule = Confirmation(1, 0.1)
    assert rule.decide(9, 12, 0, started=60) != "confirmed"
    assert rule.decide(0, 60, 0, started=80) != "dismissed"
