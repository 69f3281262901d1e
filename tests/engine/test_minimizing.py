"""Minimizing within an exploration: known triggers are recognized, forms are certified, the budget holds."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted import Canceller, run_plan

from fuzzgen.engine.hunt import Hunt
from fuzzgen.engine.plan import ExplorationPlan
from fuzzgen.scenario.events import EpisodeStarted

PLAN = ExplorationPlan(model="scripted/canceller", budget=500, seed=1, confirm_cap=16)


async def test_findings_that_contain_a_known_trigger_cost_nothing(tmp_path: Path) -> None:
    events, run = await run_plan(PLAN, Canceller(), tmp_path)
    assert isinstance(run.work, Hunt)
    cases = run.work.minimizing.cases
    known = [c for c in cases if c.same_as]
    reduced = [c for c in cases if c.reduced]
    assert reduced and run.work.exploration.repeats
    assert set(run.work.exploration.repeats) <= {c.finding.finding_id for c in reduced}
    for case in known:
        twin = next(c for c in reduced if c.finding.finding_id == case.same_as)
        assert case.finding.fingerprint == twin.finding.fingerprint
        assert not [
            e
            for e in events
            if isinstance(e, EpisodeStarted)
            and e.phase in ("shrink", "certify")
            and e.finding_id == case.finding.finding_id
        ]
    assert sum(isinstance(e, EpisodeStarted) for e in events) <= 500


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(budget=st.integers(60, 250), seed=st.integers(0, 5))
async def test_the_budget_holds_with_minimizing(tmp_path: Path, budget: int, seed: int) -> None:
    plan = PLAN.model_copy(update={"budget": budget, "seed": seed})
    (tmp_path / "run.jsonl").unlink(missing_ok=True)
    events, run = await run_plan(plan, Canceller(), tmp_path)
    assert sum(isinstance(e, EpisodeStarted) for e in events) <= budget
    assert run.episodes <= budget


async def test_without_minimizing_findings_are_only_confirmed(tmp_path: Path) -> None:
    events, run = await run_plan(PLAN.model_copy(update={"minimize": False, "budget": 300}), Canceller(), tmp_path)
    assert run.findings
    assert not [e for e in events if isinstance(e, EpisodeStarted) and e.phase in ("shrink", "certify")]
