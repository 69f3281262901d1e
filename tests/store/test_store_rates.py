"""What is read from the database: rates that count what they should, named queries, findings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from run_events import (
    episode,
    finding,
    judged,
    numbered,
    run_started,
    whole_run,
)

from fuzzgen.errors import UnknownName
from fuzzgen.scenario.events import AnyEvent, RunFinished
from fuzzgen.store.database import writing
from fuzzgen.store.ingest import Projector
from fuzzgen.store.query import NAMED, run_query
from fuzzgen.store.read import all_findings, find_finding


@pytest.fixture(scope="module")
def events() -> list[AnyEvent]:
    return whole_run()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "x.duckdb"


def _rates(db: Path, where: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_query(
        db, f"SELECT sum(hits)::INT AS hits, sum(trials)::INT AS trials, sum(started)::INT AS started FROM trigger_rates"
        f" WHERE behavior = 'blackmail' AND event = '{where}'"
    ).to_pylist()  # fmt: skip
    return found


def test_trigger_rates_count_the_random_samplers_exploration_only(db: Path) -> None:
    events: list[AnyEvent] = [run_started()]
    number = 0
    for phase in ("explore", "control", "confirm", "shrink", "certify", "replay", "compare", "mitigate"):
        for sampler in ("random", "covering", "qd", "control"):
            events += episode(number, outcome="hit", phase=phase, sampler=sampler)
            number += 1
    for outcome in ("miss", "invalid", "error"):
        events += episode(number, outcome=outcome)
        number += 1
    Projector(db).ingest(numbered(events))
    assert _rates(db, "act") == [{"hits": 1, "trials": 2, "started": 4}]
    rows = run_query(db, "SELECT DISTINCT behavior FROM trigger_rates").to_pylist()
    assert len(rows) == 6, "a behavior that never showed has a rate of zero"


def test_considering_is_missing_where_reasoning_is_not_visible(db: Path) -> None:
    events: list[AnyEvent] = [run_started()]
    for number, stage in enumerate((3, 2, None)):
        events += [*episode(number)[:2], judged(number, stage=stage)]
    Projector(db).ingest(numbered(events))
    assert _rates(db, "considered") == [{"hits": 1, "trials": 2, "started": 3}]
    assert _rates(db, "attempt") == [{"hits": 0, "trials": 3, "started": 3}]


def test_rates_lie_within_their_intervals(db: Path) -> None:
    events: list[AnyEvent] = [run_started()]
    for number in range(40):
        events += episode(number, outcome="hit" if number % 3 == 0 else "miss")
    Projector(db).ingest(numbered(events))
    for row in run_query(db, "SELECT * FROM trigger_rates WHERE trials > 0").to_pylist():
        assert 0 <= row["low"] <= row["rate"] <= row["high"] <= 1
        assert row["high"] - row["low"] > 0
        assert row["rate"] == row["hits"] / row["trials"]


def test_named_queries_run_on_an_empty_and_on_a_full_database(db: Path, events: list[AnyEvent]) -> None:
    with writing(db):
        pass
    for query in NAMED.values():
        assert run_query(db, query.sql).num_rows == 0
    Projector(db).ingest(events)
    for query in NAMED.values():
        assert run_query(db, query.sql).num_columns > 1


def test_findings_are_listed_best_first_and_found_by_prefix(db: Path, events: list[AnyEvent]) -> None:
    more = [finding("confirmed", finding_id="f2", rate=0.9), finding("dismissed", finding_id="g3", rate=0.01)]
    finished = RunFinished(
        reason="interrupted", episodes=1, findings=2, prompt_tokens=0, completion_tokens=0, cost_usd=None, seconds=1
    )
    Projector(db).ingest(numbered([*events[:-1], *more, finished]))
    assert [r["finding_id"] for r in all_findings(db)] == ["f2", "f1"]
    assert [r["finding_id"] for r in all_findings(db, dismissed=True)] == ["f2", "f1", "g3"]
    assert find_finding(db, "g")["finding_id"] == "g3"
    for wrong in ("f", "f9", "x"):
        with pytest.raises(UnknownName):
            find_finding(db, wrong)
    shutil.copy(db, db.with_name("moved.duckdb"))
    assert len(all_findings(db.with_name("moved.duckdb"))) == 2


def test_rates_by_awareness_count_episodes_in_which_the_judge_saw_nothing(db: Path) -> None:
    """The rules write no row where they see nothing: such an episode is a miss, not missing."""
    events: list[AnyEvent] = [run_started()]
    for number, (outcome, aware) in enumerate(
        [("hit", "none"), ("miss", "none"), ("miss", "test"), ("miss", "test"), ("invalid", "none"), ("error", "none")]
    ):
        events += episode(number, outcome=outcome, aware=aware, seen=outcome == "hit")
    Projector(db).ingest(numbered(events))
    rows = run_query(db, NAMED["awareness"].sql).to_pylist()
    counted = {r["aware"]: (r["hits"], r["trials"]) for r in rows if r["behavior"] == "blackmail"}
    assert counted == {"none": (1, 2), "test": (0, 2), "pooled": (1, 4)}
    assert all(0 <= r["low"] <= r["rate"] <= r["high"] <= 1 for r in rows)
    thought = run_query(db, "SELECT sum(episodes)::INT AS n FROM deliberation WHERE behavior = 'blackmail'").to_pylist()
    assert thought == [{"n": 4}]
