"""Nothing hangs on the order in which outcomes arrive, and nothing is asked for twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from bags import Bag, Draws, alphabet, fires_with, reduce
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzzgen.bench.virtual_clock import run_virtually
from fuzzgen.minimize import Result, Trial
from fuzzgen.minimize.draws import Counts, Desk, Purpose


def essence(result: Result[Bag]) -> tuple[object, ...]:
    """Everything that a result says, but when each draw came in."""
    certificate = result.certificate
    draws = {(o.candidate, o.phase, o.replicate): o.outcome for o in result.evidence}
    return (result.candidate, result.status, result.hits, result.trials, result.missing, result.threshold,
            result.calls, certificate.rows, certificate.confirmation, certificate.steps, draws)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    concurrency=st.sampled_from([1, 2, 5, 16, 64]),
    high=st.sampled_from([0.35, 0.6, 0.9]),
    missing=st.sampled_from([0.0, 0.1]),
)
def test_the_result_is_the_same_for_any_order_of_arrival(
    seed: int, concurrency: int, high: float, missing: float
) -> None:
    """Slow hits, slow misses, long tails: with equal concurrency every draw and decision is the same."""
    delays = [
        None,
        lambda hit, _: 3.0 if hit else 1.0,
        lambda hit, _: 1.0 if hit else 3.0,
        lambda _, rng: rng.paretovariate(1.0),
    ]
    results = []
    for delay in delays:
        oracle = Draws(fires_with("bfh", high=high), seed, missing=missing, delay=delay)
        result = reduce(alphabet(10), oracle, concurrency=concurrency)
        results.append(essence(result))
        assert len(oracle.asked) == result.calls
    assert results[1:] == results[:-1]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), concurrency=st.sampled_from([1, 7, 64]), cut=st.integers(0, 250))
def test_resuming_asks_for_no_trial_again_and_ends_where_it_would_have(seed: int, concurrency: int, cut: int) -> None:
    rate = fires_with("bf", high=0.5, low=0.1)
    whole = reduce(alphabet(8), Draws(rate, seed), concurrency=concurrency)
    first = reduce(alphabet(8), Draws(rate, seed), concurrency=concurrency, budget=cut)
    recorded = {(o.candidate, o.phase, o.replicate): o.outcome for o in first.evidence}
    assert len(recorded) == len(first.evidence) == min(cut, whole.calls)
    second = reduce(alphabet(8), Draws(rate, seed, recorded=recorded), concurrency=concurrency, evidence=first.evidence)
    assert second.calls == whole.calls - len(recorded)
    assert essence(second)[:6] + essence(second)[7:] == essence(whole)[:6] + essence(whole)[7:]
    assert second.certificate.spent == whole.certificate.spent


def test_a_finished_reduction_is_repeated_without_a_call() -> None:
    whole = reduce(alphabet(9), Draws(fires_with("bf")))
    again = reduce(alphabet(9), Draws(fires_with("bf")), evidence=whole.evidence)
    assert (again.calls, again.rounds) == (0, 0)
    assert (again.status, again.candidate, again.certificate.rows) == (
        whole.status,
        whole.candidate,
        whole.certificate.rows,
    )


def test_a_stream_shows_its_prefix_without_gaps() -> None:
    desk: Desk[Bag] = Desk(Draws(lambda _: 0.5))
    stream = desk.stream(alphabet(3), Purpose.SWEEP, 1)
    for index, outcome in ((1, False), (3, True), (2, None)):
        stream.receive(index, outcome)
        assert stream.counts == Counts()
    stream.receive(0, True)
    assert stream.ordered == [True, False, None, True]
    assert stream.counts == Counts(hits=2, misses=1, missing=1)


def test_no_more_draws_are_under_way_than_there_are_slots() -> None:
    class Counting(Draws):
        now = most = 0

        async def __call__(self, bag: Bag, trial: Trial) -> bool | None:
            self.now += 1
            self.most = max(self.most, self.now)
            outcome = await super().__call__(bag, trial)
            self.now -= 1
            return outcome

    for concurrency in (1, 3, 16):
        oracle = Counting(fires_with("bfh"), delay=lambda hit, rng: 1 + hit + rng.random())
        reduce(alphabet(12), oracle, concurrency=concurrency)
        assert oracle.most == concurrency


def test_rounds_are_the_makespan_where_each_draw_takes_one_unit() -> None:
    for concurrency in (1, 16):
        oracle = Draws(fires_with("bfh"), delay=lambda *_: 1.0)
        from fuzzgen.minimize import minimize

        result, took = run_virtually(minimize(alphabet(12), oracle, concurrency=concurrency))
        assert result.rounds == took


def test_purposes_phases_and_sweeps_never_share_a_replicate_number() -> None:
    """Fresh means another phase with its own numbers."""
    desk: Desk[Bag] = Desk(Draws(lambda _: 0.5))
    seen: dict[tuple[str, int], tuple[Purpose, int]] = {}
    for purpose in Purpose:
        attempts = range(1, 13) if purpose.phase == "certify" else range(2 if purpose is Purpose.RETENTION else 1)
        for attempt in attempts:
            stream = desk.stream(alphabet(3), purpose, attempt)
            for index in (0, 399):
                key = (purpose.phase, stream.replicate(index))
                assert key not in seen
                seen[key] = (purpose, attempt)


@pytest.mark.parametrize("seed", range(2))
def test_nothing_hangs_on_the_hash_seed_of_the_process(seed: int) -> None:
    """Letters hash differently in every process; the search still goes the same way."""
    script = (
        "from bags import *\n"
        f"r = reduce(alphabet(14), Draws(fires_with('bfhk', high=.5, low=.1), {seed}), concurrency=4)\n"
        "print(r.calls, [(s.decision, s.moves, s.counts) for s in r.certificate.steps])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "2")
    }
    assert len(told) == 1
    assert told.pop().strip()


def test_another_seed_gives_other_trials() -> None:
    asked: list[int] = []

    async def oracle(bag: Bag, trial: Trial) -> bool:
        asked.append(trial.seed)
        return Random(trial.seed).random() < 0.5

    for seed in (1, 2):
        reduce(alphabet(2), oracle, seed=seed, budget=32)
    assert len(set(asked)) == 64
