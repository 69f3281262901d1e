"""SQL from people: one statement that reads this database, and nothing else."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest
from run_events import whole_run

from fuzzgen.errors import QueryError, UnknownName
from fuzzgen.store.ingest import Projector
from fuzzgen.store.query import NAMED, named, run_query


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "x.duckdb"
    Projector(path).ingest(whole_run())
    return path


def refused(db: Path, sql: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        run_query(db, sql)
    assert caught.value.fix
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return caught.value


HOSTILE = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'https://example.org/x.csv'",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM read_parquet('s3://bucket/x')",
    "SELECT * FROM duckdb_secrets()",
    "COPY episodes TO '{out}'",
    "COPY (SELECT 1) TO '{out}' (FORMAT parquet)",
    "EXPLAIN ANALYZE COPY runs TO '{out}'",
    "EXPORT DATABASE '{out}'",
    "COPY runs FROM '/etc/passwd'",
    "ATTACH '{out}' AS other",
    "ATTACH ':memory:' AS other",
    "DETACH x",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET ALL",
    "PRAGMA database_list",
    "PRAGMA enable_external_access",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CALL pragma_version()",
    "USE memory",
    "CREATE TABLE mine (x INTEGER)",
    "CREATE TEMP TABLE mine AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "INSERT INTO runs (run_id) VALUES ('x')",
    "UPDATE findings SET rate = 0",
    "DELETE FROM episodes",
    "DROP TABLE episodes",
    "EXPLAIN ANALYZE DELETE FROM episodes",
    "ALTER TABLE runs ADD COLUMN x INTEGER",
    "BEGIN",
    "CHECKPOINT",
    "VACUUM",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "SELECT 1; DROP TABLE runs",
    "SELECT 1; SELECT 2",
    "SELECT * FROM query('DROP TABLE runs')",
    "SELECT getenv('HOME')",
    "",
    ";",
    "-- nothing",
    "hello",
    "SELECT",
    "SELECT \x00",
    "SELECT * FROM statements",
    "SELECT * FROM connection",
    "SELECT " + "(" * 3000 + "1" + ")" * 3000,
]


@pytest.mark.parametrize("sql", HOSTILE, ids=lambda s: s[:40])
def test_what_is_no_reading_of_this_database_is_refused(sql: str, db: Path, tmp_path: Path) -> None:
    before = db.read_bytes()
    out = tmp_path / "out"
    refused(db, sql.replace("{out}", str(out)))
    assert not out.exists()
    assert db.read_bytes() == before
    assert sorted(p.name for p in db.parent.iterdir()) == ["x.duckdb"]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT 1 AS one", 1),
        ("select 1 as one;", 1),
        ("FROM runs", 1),
        ("WITH a AS (SELECT * FROM episodes) SELECT count(*) FROM a", 1),
        ("SHOW TABLES", None),
        ("DESCRIBE episodes", None),
        ("SUMMARIZE runs", None),
        ("EXPLAIN SELECT * FROM runs", None),
        ("SELECT transcript->>'ended' AS ended FROM episodes", 8),
        ("SELECT unnest(recipients) FROM actions WHERE ok", 8),
        ("SELECT * FROM runs WHERE false", 0),
        ("SELECT threat, secret, rate, low, high FROM trigger_rates ORDER BY rate DESC", None),
    ],
)
def test_what_reads_is_answered(sql: str, rows: int | None, db: Path) -> None:
    table = run_query(db, sql)
    assert table.num_rows == rows or (rows is None and table.num_rows > 0)


@pytest.mark.parametrize(
    ("sql", "suggestion"),
    [
        ("SELECT * FROM trigger_rate", "trigger_rates"),
        ("SELECT behaviour FROM findings", "behavior"),
        ("SELECT * FROM episode", "episodes"),
    ],
)
def test_a_misspelt_name_suggests_the_nearest(sql: str, suggestion: str, db: Path) -> None:
    assert suggestion in refused(db, sql).fix


def test_a_query_that_eats_memory_or_disk_is_stopped(db: Path) -> None:
    refused(db, "SELECT repeat(repeat('x', 1_000_000), 5_000)")
    assert sorted(p.name for p in db.parent.iterdir()) == ["x.duckdb"]


def test_columns_of_one_name_are_told_apart_in_no_time(db: Path) -> None:
    start = perf_counter()
    names = run_query(db, 'SELECT 1 AS a, 2 AS a, 3 AS "a:1", 4 AS a' + ", 1 AS b" * 5_000).column_names
    assert names[:4] == ["a", "a:1", "a:1:1", "a:2"]
    assert len(set(names)) == len(names)
    assert perf_counter() - start < 10


def test_named_queries_are_found_by_name() -> None:
    assert named("findings") == NAMED["findings"].sql
    with pytest.raises(UnknownName) as caught:
        named("trigger-rate")
    assert "trigger-rates" in caught.value.fix
