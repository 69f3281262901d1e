"""An exploration spends what it may, decides in launch order, and never pays twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted import Canceller, run_plan

from fuzzgen.engine.past import Past
from fuzzgen.engine.plan import ExplorationPlan
from fuzzgen.engine.run import Run
from fuzzgen.errors import ProviderError
from fuzzgen.scenario.events import (
    AnyEvent,
    CandidateConfirmed,
    EpisodeJudged,
    EpisodeStarted,
    FindingSaved,
    RunFinished,
)
from fuzzgen.store.journal import read_journal

PLAN = ExplorationPlan(model="scripted/canceller", budget=160, seed=3, control_share=0.1, minimize=False)


def findings(events: list[AnyEvent]) -> list[tuple[object, ...]]:
    return [(e.finding_id, e.status, e.hits, e.trials, e.episodes_spent) for e in events if isinstance(e, FindingSaved)]


def launches(events: list[AnyEvent]) -> list[tuple[object, ...]]:
    return [(e.launch, e.rendering_id, e.phase, e.replicate) for e in events if isinstance(e, EpisodeStarted)]


async def test_triggers_are_confirmed_with_fresh_episodes_and_the_budget_is_kept(tmp_path: Path) -> None:
    target = Canceller()
    events, run = await run_plan(PLAN, target, tmp_path)
    judged = [e for e in events if isinstance(e, EpisodeJudged)]
    confirmed = [e for e in events if isinstance(e, CandidateConfirmed)]
    assert len(judged) == run.episodes == 160
    assert confirmed and all(e.hits <= e.trials <= e.started for e in confirmed)
    started = {e.episode_id: e for e in events if isinstance(e, EpisodeStarted)}
    fresh = [e for e in started.values() if e.phase == "confirm"]
    assert {e.finding_id for e in fresh} >= {e.finding_id for e in confirmed}
    explored = {e.seed for e in started.values() if e.phase == "explore"}
    assert not explored & {e.seed for e in fresh}, "a confirming episode repeats the draw that was selected"
    assert any(e.phase == "control" for e in started.values())


async def test_order_of_arrival_and_concurrency_change_nothing(tmp_path: Path) -> None:
    runs = []
    for name, plan, slow in [
        ("a", PLAN.model_copy(update={"concurrency": 1}), False),
        ("b", PLAN.model_copy(update={"concurrency": 7}), True),
        ("c", PLAN.model_copy(update={"concurrency": 16}), False),
    ]:
        events, _ = await run_plan(plan, Canceller(slow_hits=slow), tmp_path, name=name)
        runs.append((launches(events), findings(events)))
    assert runs[0] == runs[1] == runs[2]
    assert any(f[1] == "confirmed" for f in runs[0][1])


async def test_a_target_that_never_does_harm_gives_no_finding(tmp_path: Path) -> None:
    events, run = await run_plan(PLAN, Canceller(probability=0.0), tmp_path)
    assert not run.findings
    assert not [e for e in events if isinstance(e, CandidateConfirmed)]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(budget=st.integers(1, 60), concurrency=st.integers(1, 20), probability=st.sampled_from([0.0, 0.5, 1.0]))
async def test_the_budget_is_never_exceeded(tmp_path: Path, budget: int, concurrency: int, probability: float) -> None:
    plan = PLAN.model_copy(update={"budget": budget, "concurrency": concurrency})
    (path := tmp_path / "run.jsonl").unlink(missing_ok=True)
    events, _ = await run_plan(plan, Canceller(probability), tmp_path)
    assert sum(isinstance(e, EpisodeStarted) for e in events) <= budget
    assert sum(isinstance(e, EpisodeJudged) for e in events) <= budget
    path.unlink()


async def test_a_dollar_cap_ends_it_and_says_so(tmp_path: Path) -> None:
    plan = PLAN.model_copy(update={"max_usd": 0.05, "concurrency": 4})
    events, run = await run_plan(plan, Canceller(), tmp_path)
    last = events[-1]
    assert isinstance(last, RunFinished) and last.reason == "max_usd"
    # what was in flight when the cap was reached is paid for: two calls for each of four episodes at most
    assert 0.05 <= run.meter.known_usd <= 0.05 + 4 * 2 * 0.001 + 1e-9


async def test_a_resumed_run_asks_for_nothing_twice_and_ends_as_if_never_interrupted(tmp_path: Path) -> None:
    whole = Canceller()
    uninterrupted, _ = await run_plan(PLAN, whole, tmp_path, name="whole")
    first = Canceller()

    def stop_at_70(event: AnyEvent, run: Run) -> None:
        if isinstance(event, EpisodeJudged) and event.seq > 500:
            run.kill()

    await run_plan(PLAN, first, tmp_path, hear=stop_at_70)
    past = Past.of(read_journal(tmp_path / "run.jsonl"))
    assert 0 < len(past.judged) < 160
    second = Canceller()
    resumed, run = await run_plan(PLAN, second, tmp_path, past=past)
    paid_before = {(phase, replicate, seed, step) for phase, replicate, seed, step in first.calls}
    replied = set(past.replies)
    assert run.episodes == 160
    again = [c for c in second.calls if c in paid_before]
    # calls that were under way when it was killed had no reply on disk; nothing else may be asked again
    assert len(again) <= len(first.calls) - len(replied)
    assert findings(resumed)[-3:] == findings(uninterrupted)[-3:]
    final = {f[0]: f for f in findings(resumed)}
    assert final == {f[0]: f for f in findings(uninterrupted)}


async def test_a_finished_run_can_be_replayed_from_its_journal_without_a_call(tmp_path: Path) -> None:
    events, _ = await run_plan(PLAN, Canceller(), tmp_path)
    silent = Canceller()
    again, _ = await run_plan(PLAN, silent, tmp_path, past=Past.of(read_journal(tmp_path / "run.jsonl")))
    assert silent.calls == []
    assert {f[0]: f for f in findings(again)} == {f[0]: f for f in findings(events)}


async def test_a_provider_that_only_fails_ends_the_run_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="the wire is cut"):
        await run_plan(PLAN, Canceller(broken=lambda _t, _s: True), tmp_path)
    past = Past.of(read_journal(tmp_path / "run.jsonl"))
    assert len(past.judged) < 60, "it went on although nothing came back"


async def test_errors_are_missing_and_never_misses(tmp_path: Path) -> None:
    events, _ = await run_plan(PLAN, Canceller(broken=lambda t, s: t.seed % 3 == 0 and s == 2), tmp_path)
    judged = [e for e in events if isinstance(e, EpisodeJudged)]
    failed = [e for e in judged if e.transcript.ended == "error"]
    assert failed and all(e.assessments[0].outcome == "error" for e in failed)
    for finding in events:
        if isinstance(finding, FindingSaved):
            assert finding.trials <= finding.episodes_spent


async def test_a_target_that_repeats_itself_is_called_deterministic(tmp_path: Path) -> None:
    events, _ = await run_plan(PLAN, Canceller(1.0, by_seed=False), tmp_path)
    saved = [e for e in events if isinstance(e, FindingSaved)]
    assert saved and {e.status for e in saved} <= {"deterministic", "candidate"}
    assert any(e.status == "deterministic" for e in saved)
    assert not [e for e in events if isinstance(e, CandidateConfirmed)]


async def test_events_are_numbered_without_gaps_and_are_on_disk_before_they_are_heard(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    behind = []

    def hear(event: AnyEvent, _run: object) -> None:
        lines = path.read_bytes().count(b"\n")
        if event.seq > lines:
            behind.append((event.seq, lines))

    events, _ = await run_plan(PLAN.model_copy(update={"budget": 12}), Canceller(), tmp_path, hear=hear)
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert not behind
