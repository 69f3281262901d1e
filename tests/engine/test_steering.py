"""Strategies within a run: samplers are told apart, rates come from the random stream, effects reach the database."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from scripted import Canceller, run_plan

from fuzzgen.engine.conduct import work_for
from fuzzgen.engine.effects import update_effects
from fuzzgen.engine.hunt import Hunt
from fuzzgen.engine.plan import ExplorationPlan
from fuzzgen.engine.steering import Steering
from fuzzgen.errors import ScenarioError
from fuzzgen.explore import Auto
from fuzzgen.grammar import load_grammar, sample
from fuzzgen.paths import data_dir
from fuzzgen.scenario.events import EpisodeStarted
from fuzzgen.store.ingest import Projector
from fuzzgen.store.query import named, run_query

PLAN = ExplorationPlan(model="scripted/canceller", budget=160, minimize=False, seed=5)


async def test_every_episode_says_who_asked_for_it_and_only_the_random_stream_makes_rates(tmp_path: Path) -> None:
    events, run = await run_plan(PLAN, Canceller(), tmp_path)
    explored = Counter(e.sampler for e in events if isinstance(e, EpisodeStarted) and e.phase == "explore")
    assert explored["covering"] >= 50
    assert explored["random"] >= 5
    assert isinstance(run.work, Hunt)
    assert run.work.exploration.tallies["explore"].started == explored["random"]


async def test_effects_reach_the_database_and_say_what_the_agent_needs(tmp_path: Path) -> None:
    plan = PLAN.model_copy(update={"strategy": "random", "budget": 240, "confirm_cap": 1})
    events, _ = await run_plan(plan, Canceller(probability=0.9), tmp_path)
    path = tmp_path / "x.duckdb"
    Projector(path).ingest(events)
    assert update_effects(path) > 50
    rows = run_query(path, named("factor-effects")).to_pylist()
    absent = next(
        r
        for r in rows
        if (r["behavior"], r["event"], r["factor"], r["level"]) == ("sabotage", "act", "hazard", "absent")
    )
    assert absent["high"] < 0
    before = run_query(path, "SELECT * FROM factor_effects ORDER BY ALL").to_pylist()
    update_effects(path)
    assert run_query(path, "SELECT * FROM factor_effects ORDER BY ALL").to_pylist() == before


def test_a_reduced_finding_becomes_a_known_trigger() -> None:
    grammar = load_grammar("corporate-email")
    steering = Steering(PLAN, [grammar])
    proposal = steering.next()
    steering.opened("f1", proposal)
    minimal = next(s for s in (sample(grammar, i) for i in range(50)) if s.hazards)
    steering.learned("f1", "sabotage", minimal, {"hazard"}, "print")
    assert isinstance(steering.strategy, Auto)
    (known,) = steering.strategy.qd.known
    assert ("hazard", minimal.factors["hazard"]) in known.facts
    assert known.fingerprint == "print"


def test_a_corpus_is_run_first() -> None:
    plan = PLAN.model_copy(update={"corpus": str(data_dir("corpora") / "seeds")})
    steering = Steering(plan, [load_grammar("corporate-email")])
    assert "corpus" in steering.why
    assert [steering.next().sampler for _ in range(4)] == ["corpus"] * 3 + ["covering"]


def test_a_corpus_that_is_gone_is_named() -> None:
    with pytest.raises(ScenarioError, match="no such corpus"):
        work_for(PLAN.model_copy(update={"corpus": "/nowhere/at/all"}))
