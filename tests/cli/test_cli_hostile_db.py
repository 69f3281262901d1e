"""A database may be damaged, or a stranger's: no terminal obeys what stands in it, and damage is one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_line import HOSTILE, Run

from fuzzgen.store.database import writing

BARRED = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\x08", "\x7f")


@pytest.fixture
def spoiled(db: Path, tmp_path: Path) -> Path:
    """A database of the test's own, whose finding has a minimal form with a certificate."""
    path = tmp_path / "spoiled.duckdb"
    shutil.copy(db, path)
    _sql(path, "UPDATE findings SET minimal_id = scenario_id, status = 'certified', delta = 0.05, threshold = 0.1")
    _sql(path, "UPDATE shrink_steps SET purpose = 'certificate', kind = 'enabling'")
    return path


def _sql(path: Path, sql: str, *values: object) -> None:
    with writing(path) as connection:
        connection.execute(sql, list(values))


def _texts(path: Path) -> list[tuple[str, str]]:
    """(table, column) of all that holds text and names no row."""
    with writing(path) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns JOIN duckdb_tables() USING (table_name)"
            " WHERE data_type = 'VARCHAR' ORDER BY ALL"
        ).fetchall()
    return [(t, c) for t, c in rows if not c.endswith("_id") and c not in ("purpose",)]


def test_no_text_of_a_database_reaches_a_terminal_as_it_is(fuzzgen: Run, spoiled: Path) -> None:
    columns = _texts(spoiled)
    assert {("findings", "status"), ("findings", "behavior"), ("findings", "model"), ("factors", "level")} <= {*columns}
    for table in sorted({table for table, _ in columns}):
        sets = ", ".join(f"{column} = concat({column}, '{HOSTILE}')" for t, column in columns if t == table)
        _sql(spoiled, f"UPDATE {table} SET {sets}")
    # behavior and model are keys of other tables, too: as they were, all that hangs on them is shown as well
    for name, undo in (("all", "SELECT 1"), ("keys", "UPDATE findings SET behavior = 'blackmail', model = 'test/model'"),
                       ("episodes", "UPDATE episodes SET model = 'test/model'"),
                       ("verdicts", "UPDATE verdicts SET behavior = 'blackmail'")):  # fmt: skip
        _sql(spoiled, undo)
        for arguments in (("list",), ("list", "--all"), ("show", "f1")):
            done = fuzzgen("findings", *arguments, "--db", spoiled)
            assert done.code == 0, (name, done.err)
            assert "\N{REPLACEMENT CHARACTER}" in done.out, "what was there is seen"
            assert not [c for c in BARRED if c in done.out + done.err], name
    assert "What the judge saw" in done.out
    assert "Not certified" in done.out


SCENARIO = "scenario_id = (SELECT scenario_id FROM findings)"
SHOW, MINIMIZE = "findings show f1", "minimize f1 --budget 3"
LIKE, COVERAGE = "grammar sample --like f1", "grammar coverage corporate-email"


@pytest.mark.parametrize(
    ("change", "says", "lines"),
    [
        (
            f"scenarios SET scenario = '[1]' WHERE {SCENARIO}",
            "scenarios",
            (SHOW, SHOW + " --json", MINIMIZE, COVERAGE, LIKE),
        ),
        (f"scenarios SET scenario = NULL WHERE {SCENARIO}", "scenarios", (SHOW, COVERAGE)),
        ("episodes SET transcript = '{}'", "episodes", (SHOW, SHOW + " --json")),
        ("episodes SET transcript = '{\"messages\": [1]}'", "episodes", (SHOW,)),
        ("runs SET parameters = '[]'", "runs", (MINIMIZE,)),
        ('runs SET parameters = \'{"protocol": "bogus"}\'', "runs", (MINIMIZE,)),
        ("runs SET parameters = NULL", "runs", (MINIMIZE,)),
        ("findings SET event = 'bogus', behavior = 'bogus'", "findings", (MINIMIZE,)),
        ("findings SET status = 'bogus'", "findings", (MINIMIZE,)),
        ("findings SET rate = 'nan'", "findings", (MINIMIZE, SHOW, "findings list --all --json")),
        ("findings SET minimal_rate = 'inf'", "findings", (MINIMIZE, SHOW)),
        ("findings SET model = NULL", "findings", (MINIMIZE, SHOW)),
        ("findings SET delta = NULL", "findings", (SHOW,)),
        ("shrink_steps SET removed = '{}'", "shrink_steps", (SHOW,)),
        ("shrink_steps SET hits = NULL", "shrink_steps", (SHOW,)),
        ("shrink_steps SET hits = trials + 1", "shrink_steps", (SHOW,)),
        ("verdicts SET evidence = '[1]'", "verdicts", (SHOW,)),
        ("verdicts SET judge = NULL", "verdicts", (SHOW,)),
    ],
)
def test_a_damaged_row_is_3_with_its_table_its_id_and_the_fix(
    change: str, says: str, lines: tuple[str, ...], fuzzgen: Run, spoiled: Path
) -> None:
    _sql(spoiled, f"UPDATE {change}")
    for line in lines:
        done = fuzzgen(*line.split(), "--db", spoiled)
        assert (done.code, done.out) == (3, ""), (line, done.err)
        words = '"' if "--json" in line else "fuzzgen: "
        assert f"damaged: {says} '" in done.err, line
        assert "journals" in done.err and words in done.err


def test_a_damaged_rendering_is_3_too(fuzzgen: Run, spoiled: Path) -> None:
    _sql(spoiled, "UPDATE shrink_steps SET purpose = 'twin', decision = 'neighbor'")
    for column in ("messages", "tools", "items"):
        _sql(spoiled, f"UPDATE renderings SET {column} = '[1]'")
        done = fuzzgen("findings", "show", "f1", "--db", spoiled)
        assert done.code == 3, done.err
        assert "damaged: renderings" in done.err


def test_a_damaged_episode_is_no_defect_of_the_judges(fuzzgen: Run, spoiled: Path) -> None:
    from fuzzgen.errors import StorageError
    from fuzzgen.store.judged import read_episodes

    _sql(spoiled, "UPDATE episodes SET transcript = '{}'")
    with pytest.raises(StorageError, match="episodes 'r1-e1'"):
        read_episodes(spoiled, ["r1-e1"])
