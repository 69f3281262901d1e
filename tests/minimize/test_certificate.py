"""What a certificate may claim: fresh draws, the bars of the theorem, missing draws against the claim."""

from __future__ import annotations

from math import log

import pytest
from bags import Bag, Draws, alphabet, fires_with, reduce
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzzgen.errors import UsageError
from fuzzgen.minimize import Bar, Counts, Levels, Result, Rules, Trial
from fuzzgen.minimize.draws import Purpose
from fuzzgen.minimize.problems import Candidate, Problem, landscape, oracle
from fuzzgen.minimize.rules import levels_of
from fuzzgen.stats import log_e_high, log_e_low

counts = st.builds(Counts, st.integers(0, 60), st.integers(0, 60), st.integers(0, 20))
rates = st.floats(0.05, 0.9)


@given(counts, rates)
def test_missing_draws_count_against_either_claim(seen: Counts, threshold: float) -> None:
    silent, fires = Bar("silent", threshold, 100), Bar("fires", threshold, 100)
    as_hits = Counts(seen.hits + seen.missing, seen.misses, 0)
    as_misses = Counts(seen.hits, seen.misses + seen.missing, 0)
    assert silent.log_evalue(seen) == silent.log_evalue(as_hits) == log_e_high(as_hits.hits, as_hits.valid, threshold)
    assert fires.log_evalue(seen) == fires.log_evalue(as_misses) == log_e_low(seen.hits, seen.started, threshold)
    assert silent.log_evalue(seen) <= silent.log_evalue(Counts(seen.hits, seen.misses, 0)) + 1e-9
    assert fires.log_evalue(seen) <= fires.log_evalue(Counts(seen.hits, seen.misses, 0)) + 1e-9


def test_a_bar_claims_one_of_two_things() -> None:
    with pytest.raises(UsageError, match="fires or silent"):
        Bar("loud", 0.5, 10)


@pytest.mark.parametrize("concurrency", [1, 32])
@pytest.mark.parametrize("delta", [0.05, 0.001])
def test_every_claim_reaches_the_bar_of_the_theorem(concurrency: int, delta: float) -> None:
    """j(j+1)/delta for each row of sweep j, four times that for the form, from draws of that sweep alone."""
    for seed in range(12):
        result = reduce(alphabet(10), Draws(fires_with("bfh", 0.6, 0.05), seed), delta=delta, concurrency=concurrency)
        certificate, tau = result.certificate, result.threshold
        assert result.status == "certified"
        assert tau is not None
        share = certificate.sweep * (certificate.sweep + 1) / delta
        assert certificate.confirmation is not None
        assert log_e_low(result.hits, result.trials, tau) >= log(4 * share)
        for row in certificate.rows:
            assert log_e_high(row.claim.counts.hits, row.claim.counts.valid, tau) >= log(share)
            assert row.claim.interval.low < tau
            assert row.claim.counts == _drawn(result, row.candidate, Purpose.SWEEP, row.claim.counts.started)
        own = _drawn(result, result.candidate, Purpose.CONFIRMATION, certificate.confirmation.counts.started)
        assert certificate.confirmation.counts == own


def _drawn(result: Result[Bag], bag: Bag, purpose: Purpose, number: int) -> Counts:
    """The first draws of this sweep in launch order, by their replicate numbers."""
    first = purpose.first + 1000 * result.certificate.sweep
    draws = {o.replicate: o.outcome for o in result.evidence if o.candidate == bag and o.phase == purpose.phase}
    total = Counts()
    for replicate in range(first, first + number):
        total = total.plus(draws[replicate])
    return total


def test_nothing_that_chose_a_form_is_claimed_from() -> None:
    """With the certify phase silent for every form, a hundred hits in the search certify nothing."""

    class Flattering(Draws):
        async def __call__(self, bag: Bag, trial: Trial) -> bool | None:
            outcome = await super().__call__(bag, trial)
            return outcome if trial.phase == "shrink" else False

    result = reduce(alphabet(6), Flattering(lambda _: 0.9))
    assert result.status == "partial"
    assert not result.certificate.check()


def test_a_move_is_ruled_out_by_an_e_value_and_by_nothing_else() -> None:
    """A deletion just below the threshold stays undecided, whatever the search thought of it."""
    result = reduce(
        Bag(frozenset("ab")), Draws(lambda bag: 0.9 if "b" in bag.letters and "a" in bag.letters else 0.45),
        threshold=0.5,
    )  # fmt: skip
    assert result.status == "partial"
    for row in result.certificate.rows:
        assert (row.verdict == "ruled out") == row.claim.cleared
    assert result.unresolved == result.certificate.undecided != ()
    assert "could not be decided within their cap" in result.reason


@pytest.mark.parametrize("missing", [0.05, 0.2])
def test_missing_draws_make_a_certificate_dearer_and_not_wrong(missing: float) -> None:
    plain = reduce(alphabet(8), Draws(fires_with("bf", 0.9)))
    lossy = reduce(alphabet(8), Draws(fires_with("bf", 0.9), missing=missing))
    assert plain.status == lossy.status == "certified"
    assert lossy.candidate == plain.candidate
    assert sum(row.claim.counts.missing for row in lossy.certificate.rows) > 0
    assert lossy.calls > plain.calls


@pytest.mark.parametrize("name", ["planted", "noisy", "graded", "booster", "boundary"])
@pytest.mark.parametrize(("concurrency", "missing"), [(1, 0.0), (64, 0.1)])
def test_certificates_are_right_on_the_planted_landscapes(name: str, concurrency: int, missing: float) -> None:
    for seed in range(1 if name in ("booster", "boundary") else 3):
        problem = Problem.planted(seed)
        rate = landscape(problem, name)
        tau = 0.36 if name == "boundary" else None
        draw = oracle(rate, seed, missing=missing)
        result = reduce(Candidate(problem, problem.everything), draw, concurrency=concurrency, threshold=tau)
        assert result.status in ("certified", "partial")
        form = result.candidate
        if result.status == "certified":
            assert result.threshold is not None
            assert rate(form.kept) > result.threshold
            for element in form.elements():
                smaller = form.without([element])
                assert smaller is None or rate(smaller.kept) < result.threshold


def test_a_trial_of_a_planted_problem_cannot_be_asked_for_twice() -> None:
    problem = Problem.planted(1)
    draw = oracle(landscape(problem, "planted"), 1)

    async def twice() -> None:
        from fuzzgen.minimize import Trial

        for _ in range(2):
            await draw(Candidate(problem, problem.everything), Trial("shrink", 1, 0))

    import asyncio

    with pytest.raises(ValueError, match="asked for twice"):
        asyncio.run(twice())
    with pytest.raises(ValueError, match="boundary, booster"):
        landscape(problem, "flat")


def test_what_was_tried_first_of_a_sweep_is_not_used_in_the_next() -> None:
    """A row that fires ends a sweep; the next one starts from nothing, at a higher bar."""
    for seed in range(60):
        result = reduce(alphabet(12), Draws(fires_with("bfh", 0.5, 0.1), seed))
        if result.certificate.sweep > 1 and result.status == "certified":
            first = result.certificate.rows[0]
            share = result.certificate.sweep * (result.certificate.sweep + 1) / 0.05
            assert first.claim.bar.required == pytest.approx(share)
            return
    pytest.fail("no seed needed a second sweep: make the problem harder")


@given(st.integers(3, 96), st.integers(0, 93), st.none() | st.floats(0.0, 0.9), st.none() | st.floats(0.01, 0.99))
def test_the_levels_are_in_order(hits: int, misses: int, background: float | None, threshold: float | None) -> None:
    levels: Levels = levels_of(Rules(), Counts(hits, misses), 0.1, threshold, background)
    assert 0 < levels.low < levels.threshold < levels.ceiling < 1
    if threshold is not None:
        assert levels.threshold == threshold
    else:
        assert levels.threshold >= min(0.95, max(0.1, 0.6 * hits / (hits + misses))) - 1e-9
    if background is None:
        assert levels.low == pytest.approx(levels.threshold / 4)


@settings(max_examples=30, deadline=None)
@given(
    core=st.sets(st.sampled_from("abcdefgh"), min_size=1, max_size=4),
    needs=st.lists(st.tuples(st.sampled_from("efgh"), st.sampled_from("abcd")), max_size=4),
    seed=st.integers(0, 1000),
)
def test_a_certified_form_is_exactly_the_core_and_what_it_hangs_on(
    core: set[str], needs: list[tuple[str, str]], seed: int
) -> None:
    bag = Bag(frozenset("abcdefgh"), needs=tuple(needs))
    result = reduce(bag, Draws(fires_with("".join(core), 0.8, 0.05), seed), delta=0.01)
    closed = set(core)
    while more := {b for a, b in needs if a in closed} - closed:
        closed |= more
    assert result.status in ("certified", "partial")
    if result.status == "certified":
        assert result.candidate.letters == closed
