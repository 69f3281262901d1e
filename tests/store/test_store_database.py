"""The database is the journal's projection: the same however it is made, and nothing is lost to a lock or a crash."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_events import (
    AT,
    episode,
    judged,
    numbered,
    run_started,
    situation,
    started,
    whole_run,
)

from fuzzgen.errors import StorageError
from fuzzgen.scenario.events import AnyEvent
from fuzzgen.store import database, schema
from fuzzgen.store.database import reading, writing
from fuzzgen.store.ingest import Projector, rebuild
from fuzzgen.store.journal import Journal, read_journal
from fuzzgen.store.query import run_query
from fuzzgen.store.read import Row, _last_conclusion, all_findings, episodes_of, find_finding, scenario_of, verdicts_of

TABLES = (
    "runs", "scenarios", "factors", "elements", "renderings", "episodes", "actions", "verdicts", "findings",
    "shrink_steps", "factor_effects",
)  # fmt: skip


def contents(path: Path) -> dict[str, list[str]]:
    with reading(path) as connection:
        return {t: sorted(map(repr, connection.execute(f"SELECT * FROM {t}").fetchall())) for t in TABLES}


@pytest.fixture(scope="module")
def events() -> list[AnyEvent]:
    return whole_run()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "x.duckdb"


def test_a_run_lands_in_every_table(db: Path, events: list[AnyEvent]) -> None:
    Projector(db).ingest(events)
    rows = contents(db)
    counts = {table: len(found) for table, found in rows.items()}
    assert (counts["runs"], counts["episodes"], counts["actions"], counts["verdicts"]) == (1, 8, 16, 8)
    assert (counts["scenarios"], counts["renderings"], counts["findings"], counts["shrink_steps"]) == (8, 8, 1, 1)
    scenario, _ = situation(1)
    assert scenario_of(db, scenario.scenario_id) == scenario
    assert find_finding(db, "f")["status"] == "confirmed", "the newest state"
    (run,) = run_query(db, "SELECT status, stop_reason, started_at, finished_at, last_seq FROM runs").to_pylist()
    assert (run["status"], run["stop_reason"], run["last_seq"]) == ("finished", "budget", len(events))
    assert str(run["started_at"]) == "2026-03-02 10:30:00.250000"
    stored = episodes_of(db, scenario.scenario_id, "test/model")
    assert stored[0]["transcript"]["messages"][0]["content"] == "text 1 ünï\u202e"
    assert verdicts_of(db, "r1-e1")[0]["evidence"][0]["quote"] == "“pay”\x1b[31m"


@pytest.mark.parametrize("size", [5, 17])
def test_the_size_of_batches_changes_nothing(size: int, tmp_path: Path, events: list[AnyEvent]) -> None:
    Projector(tmp_path / "a.duckdb").ingest(events)
    projector = Projector(tmp_path / "b.duckdb")
    for i in range(0, len(events), size):
        projector.ingest(events[i : i + size])
    assert contents(tmp_path / "b.duckdb") == contents(tmp_path / "a.duckdb")


def test_the_same_events_again_change_nothing(tmp_path: Path, events: list[AnyEvent]) -> None:
    one, two, three = (tmp_path / f"{n}.duckdb" for n in "abc")
    Projector(one).ingest(events)
    before = contents(one)
    Projector(one).ingest(events)
    assert contents(one) == before
    projector = Projector(two)
    projector.ingest(events)
    projector.ingest(events)
    assert contents(two) == before
    Projector(three).ingest([*events, *events])
    assert contents(three) == before


async def test_a_database_rebuilt_from_its_journals_is_the_same(tmp_path: Path) -> None:
    paths = []
    live = tmp_path / "live.duckdb"
    for run_id in ("r1", "r2"):
        paths.append(tmp_path / f"{run_id}.jsonl")
        with Journal(paths[-1]) as journal:
            written = [await journal.write(e) for e in whole_run(run_id)]
        Projector(live).ingest(written)
    again = tmp_path / "again.duckdb"
    assert rebuild(again, [read_journal(p) for p in paths]) == 2 * len(whole_run())
    assert contents(again) == contents(live)
    rebuild(again, [read_journal(p) for p in paths])
    assert contents(again) == contents(live)
    assert len(contents(live)["runs"]) == 2
    assert len(contents(live)["scenarios"]) == 8, "two runs share their scenarios"


def _holder(db: Path) -> subprocess.Popen[str]:
    program = "import duckdb, sys\nc = duckdb.connect(sys.argv[1])\nprint('held', flush=True)\nsys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def locked(db: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    monkeypatch.setattr(database, "PATIENCE", 0.2)
    with writing(db):
        pass
    process = _holder(db)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_locked_database_names_who_holds_it(db: Path, locked: subprocess.Popen[str]) -> None:
    for opening in (writing, reading):
        with pytest.raises(StorageError) as caught, opening(db):
            pass
        assert f"locked by PID {locked.pid}" in caught.value.message
        assert "wait" in caught.value.fix
        assert "\n" not in str(caught.value)


def test_events_that_met_a_lock_are_not_lost_when_they_are_given_again(
    db: Path, locked: subprocess.Popen[str], events: list[AnyEvent], tmp_path: Path
) -> None:
    """The start of an episode may be in the database before; its judgment then comes twice."""
    projector = Projector(db)
    with pytest.raises(StorageError):
        projector.ingest(events)
    locked.kill()
    locked.communicate()
    half = next(i for i, e in enumerate(events) if e.seq > 4 and e.event == "episode_judged")
    projector.ingest(events[:half])
    holder = _holder(db)
    for _ in range(2):
        with pytest.raises(StorageError):
            projector.ingest(events[half:])
    holder.kill()
    holder.communicate()
    projector.ingest(events[half:])
    Projector(tmp_path / "whole.duckdb").ingest(events)
    assert contents(db) == contents(tmp_path / "whole.duckdb")


def test_a_lock_that_is_let_go_in_time_is_waited_for(db: Path, events: list[AnyEvent]) -> None:
    with writing(db):
        pass
    program = "import duckdb, sys, time\nc = duckdb.connect(sys.argv[1])\nprint('held', flush=True)\ntime.sleep(0.4)"
    process = subprocess.Popen([sys.executable, "-c", program, str(db)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    Projector(db).ingest(events)
    process.communicate()
    assert len(contents(db)["episodes"]) == 8


def test_a_resumed_run_knows_the_episodes_that_had_begun(db: Path) -> None:
    """Their start is not said again, only their judgment."""
    before = numbered([run_started(), *episode(0), *episode(1)[:2]])
    after = numbered([run_started(resumed=True, budget=20), judged(1)], start=len(before) + 1)
    after = [e.model_copy(update={"at": "2026-03-03T00:00:00.000+00:00"}) for e in after]
    rebuild(db, [iter(before)])
    projector = Projector(db)
    projector.remember(iter(before))
    projector.ingest(after)
    rows = run_query(db, "SELECT episode_id FROM episodes ORDER BY 1").to_pylist()
    assert [r["episode_id"] for r in rows] == ["r1-e0", "r1-e1"]
    (run,) = run_query(db, "SELECT status, started_at FROM runs").to_pylist()
    assert (run["status"], str(run["started_at"])[:10]) == ("running", AT[:10])


def test_a_newer_database_is_refused_and_left_alone(db: Path, events: list[AnyEvent]) -> None:
    Projector(db).ingest(events)
    with writing(db) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99)")
    before = db.read_bytes()
    for attempt in (lambda: Projector(db).ingest(events), lambda: all_findings(db), lambda: run_query(db, "SELECT 1")):
        with pytest.raises(StorageError) as caught:
            attempt()
        assert "version 99" in caught.value.message
        assert "newer fuzzgen" in caught.value.fix
    assert db.read_bytes() == before


def test_an_older_database_is_brought_up_to_date(
    db: Path, events: list[AnyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    Projector(db).ingest(events)
    before = contents(db)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE VIEW later AS SELECT 42 AS answer"))
    assert run_query(db, "SELECT answer FROM later").to_pylist() == [{"answer": 42}]
    assert contents(db) == before


@pytest.mark.parametrize("kind", ["text", "empty folder", "torn", "foreign", "empty file"])
def test_a_file_that_is_no_database_of_ours_is_one_clear_error(
    kind: str, tmp_path: Path, events: list[AnyEvent]
) -> None:
    import duckdb

    path = tmp_path / "lock" / "block.duckdb"  # a name that must not be taken for a lock
    path.parent.mkdir()
    match kind:
        case "text":
            path.write_text("not a database\n" * 1000, encoding="utf-8")
        case "empty folder":
            path.mkdir()
        case "torn":
            Projector(path).ingest(events)
            path.write_bytes(path.read_bytes()[:9000])
        case "foreign":
            duckdb.connect(str(path)).execute("CREATE TABLE runs (x INTEGER)").close()
        case _:
            path.write_bytes(b"")
    for attempt in (lambda: all_findings(path), lambda: run_query(path, "SELECT * FROM runs")):
        with pytest.raises(StorageError) as caught:
            attempt()
        assert str(path) in caught.value.message
        assert "locked" not in caught.value.message
        assert caught.value.fix
        assert "\n" not in str(caught.value)


def test_no_database_yet(db: Path) -> None:
    with pytest.raises(StorageError) as caught:
        all_findings(db)
    assert "fuzzgen explore" in caught.value.fix
    assert not db.exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path, events: list[AnyEvent]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError):
        Projector(tmp_path / "file" / "x.duckdb").ingest(events)


def test_a_writer_that_is_killed_leaves_a_database_that_opens(db: Path, events: list[AnyEvent]) -> None:
    Projector(db).ingest(events)
    before = contents(db)
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom fuzzgen.store.database import writing\n"
        "with writing(Path(sys.argv[1])) as c:\n"
        "    c.execute('BEGIN')\n    c.execute('DELETE FROM episodes')\n    os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(db)]).returncode == -9
    assert contents(db) == before


def test_a_query_gets_its_turn_while_a_run_writes(db: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom fuzzgen.store.database import writing\n"
        "for n in range(10):\n"
        "    with writing(Path(sys.argv[1])) as c: c.execute('INSERT INTO episodes (episode_id) VALUES (?)', [str(n)])\n"
        "    print('go', flush=True); time.sleep(0.05)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(db)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    seen = []
    while process.poll() is None:
        (row,) = run_query(db, "SELECT count(*) AS n FROM episodes").to_pylist()
        seen.append(row["n"])
    process.stdout.close()
    assert process.returncode == 0
    assert seen == sorted(seen)
    assert len(seen) > 2
    assert len(contents(db)["episodes"]) == 10


def test_an_episode_whose_start_is_unknown_is_passed_over(db: Path) -> None:
    Projector(db).ingest(numbered([run_started(), started(1), judged(1), judged(2)]))
    assert len(contents(db)["episodes"]) == 1


@pytest.mark.parametrize("name", ["md:x", "sqlite:x.db", ":memory:", "http:x.duckdb", "x y.duckdb"])
def test_a_name_is_that_of_a_file_whatever_it_looks_like(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Projector(Path(name)).ingest(whole_run())
    assert (tmp_path / name).is_file()
    assert run_query(Path(name), "SELECT count(*) FROM runs").column(0)[0].as_py() == 1


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv", "x.json"])
def test_a_file_of_data_is_no_database(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text('{"a": 1}\n')
    with pytest.raises(StorageError, match="data"):
        Projector(file).ingest(whole_run())
    assert file.read_text() == '{"a": 1}\n'


def test_of_a_reduction_that_was_resumed_the_last_conclusion_counts() -> None:
    def step(number: int, move: str, hits: int, purpose: str = "certificate", decision: str = "ruled out") -> Row:
        return {"step": number, "purpose": purpose, "decision": decision, "move": move, "hits": hits}

    first = [step(14, "a", 1), step(15, "b", 1)]
    again = [step(17, "b", 2), step(18, "m", 3, "twin", "trigger"), step(19, "m", 0, "twin", "neighbor")]
    assert _last_conclusion([*first, *again]) == again
    assert _last_conclusion([*first, step(16, "b", 2)]) == [first[0], step(16, "b", 2)]
    assert _last_conclusion(first) == first
