"""stdout is data, terminals are safe, and every end has its exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from command_line import HOSTILE, Run

from fuzzgen.cli.output import clean
from fuzzgen.cli.progress import Counts, Live, Plain
from fuzzgen.cli.summary import db_words
from fuzzgen.engine.past import Past
from fuzzgen.scenario.events import Warned
from fuzzgen.store.database import writing
from fuzzgen.target.spend import Meter

BARRED = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\x08", "\x7f")


def test_findings_are_shown_without_what_a_terminal_would_obey(fuzzgen: Run, db: Path) -> None:
    done = fuzzgen("findings", "show", "f1", "--db", db)
    assert done.code == 0, done.err
    assert "text " in done.out
    assert "owned" in done.out, "the words themselves are shown"
    assert not [c for c in BARRED if c in done.out + done.err]


@pytest.mark.parametrize(
    "arguments",
    [
        ("findings",),
        ("findings", "list", "--all"),
        ("findings", "show", "f1"),
        ("query", "SELECT * FROM episodes"),
        ("query", "--list"),
        ("query", "--name", "findings"),
    ],
    ids=" ".join,
)
def test_no_colors_where_there_is_no_terminal(arguments: tuple[str, ...], fuzzgen: Run, db: Path) -> None:
    if arguments == ("query", "--list"):
        done = fuzzgen(*arguments)
    else:
        done = fuzzgen(*arguments, "--db", db)
    assert done.code == 0
    assert done.out
    assert "\x1b" not in done.out + done.err


def _on_a_terminal(*arguments: str) -> str:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-c", "from fuzzgen.cli.main import main; main()", *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
    )  # fmt: skip
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    process.wait()
    os.close(ours)
    return b"".join(parts).decode("utf-8", "replace")


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_models_cannot_talk_to_a_terminal(form: str, db: Path) -> None:
    text = _on_a_terminal("query", "SELECT explanation FROM verdicts LIMIT 1", "--format", form, "--db", str(db))
    assert "owned" in text
    for harm in ("\x1b[2J", "\x1b]0;", "\x07", "\x9b", "\u202e"):
        assert harm not in text


def test_data_in_a_pipe_is_what_is_stored(fuzzgen: Run, db: Path) -> None:
    sql = "SELECT explanation FROM verdicts LIMIT 1"
    assert json.loads(fuzzgen("query", sql, "--json", "--db", db).out) == [{"explanation": HOSTILE}]
    rows = list(csv.reader(io.StringIO(fuzzgen("query", sql, "--format", "csv", "--db", db).out)))
    assert rows == [["explanation"], [HOSTILE]]


def test_clean_keeps_text_and_shows_what_is_hidden() -> None:
    assert clean("Zoë\tsaid\r\n“שלום” 你好 👍🏽") == "Zoë\tsaid\n“שלום” 你好 👍🏽"
    assert not [c for c in BARRED if c in clean(HOSTILE)]
    assert clean("a\x00b\rc") == "a�b�c"
    assert clean(clean(HOSTILE)) == clean(HOSTILE)


@pytest.mark.parametrize("listener", [Plain, Live])
def test_warnings_reach_the_terminal_clean(listener: type, capsys: pytest.CaptureFixture[str]) -> None:
    with listener(10) as listen:
        listen(Warned(message=f"the provider says {HOSTILE}"), None)
    said = capsys.readouterr().err
    assert "the provider says" in said
    assert not [c for c in ("\x1b]0;", "\x07", "\x9b", "\u202e") if c in said]


@pytest.mark.parametrize(
    "arguments",
    [
        ("findings", "list", "--json"),
        ("findings", "show", "f1", "--json"),
        ("query", "--list", "--json"),
        ("query", "SELECT * FROM episodes", "--json"),
        ("grammar", "list", "--json"),
        ("grammar", "show", "corporate-email", "--json"),
        ("explore", "--plan", "--json"),
    ],
    ids=" ".join,
)
def test_json_is_all_there_is_on_stdout(arguments: tuple[str, ...], fuzzgen: Run, db: Path) -> None:
    takes_db = arguments[0] in ("findings", "query") and "--list" not in arguments
    done = fuzzgen(*arguments, *(("--db", db) if takes_db else ()))
    assert done.code == 0, done.err
    assert json.loads(done.out)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("grammar", "show", "gone", "--json"), 2), (("findings", "list", "--json", "--db", "gone.duckdb"), 3)],
)
def test_errors_are_json_too_and_leave_stdout_alone(arguments: tuple[str, ...], code: int, fuzzgen: Run) -> None:
    done = fuzzgen(*arguments)
    assert (done.code, done.out) == (code, "")
    assert set(json.loads(done.err)) == {"error", "message", "fix"}


def test_findings_take_their_database_before_or_after_the_word(fuzzgen: Run, db: Path) -> None:
    listed = [json.loads(fuzzgen("findings", *a).out) for a in (
        ("--db", db, "--json"), ("list", "--db", db, "--json"), ("--db", db, "--json", "list"),
        ("--db", "gone.duckdb", "list", "--json", "--db", db),
    )]  # fmt: skip
    assert [[f["finding_id"] for f in one] for one in listed] == [["f1"]] * 4


def test_a_sample_is_one_line_of_json_for_each_scenario(fuzzgen: Run) -> None:
    done = fuzzgen("grammar", "sample", "corporate-email", "-n", "3", "--seed", "5")
    assert [json.loads(line)["grammar"] for line in done.out.splitlines()] == ["corporate-email"] * 3
    again = fuzzgen("grammar", "sample", "corporate-email", "-n", "3", "--seed", "5")
    assert again.out == done.out


def test_a_strangers_grammar_cannot_talk_to_a_terminal(
    fuzzgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "grammars").mkdir()
    text = f'grammar: odd\nextends: corporate-email\nversion: "1"\ntitle: {json.dumps("x " + HOSTILE)}\n'
    (tmp_path / "grammars" / "odd.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("FUZZGEN_PATH", str(tmp_path))
    for arguments in (("grammar", "list"), ("grammar", "show", "odd")):
        done = fuzzgen(*arguments)
        assert done.code == 0, done.err
        assert not [c for c in BARRED if c in done.out + done.err]
    (tmp_path / "grammars" / "odd.yaml").write_text(yaml.safe_dump({HOSTILE: HOSTILE}), encoding="utf-8")
    done = fuzzgen("grammar", "show", "odd")
    assert done.code == 2
    assert not [c for c in BARRED if c in done.out + done.err]


def test_what_to_do_next_can_be_pasted_and_no_terminal_obeys_it() -> None:
    assert db_words(Path("my runs/x.duckdb")) == " --db 'my runs/x.duckdb'"
    assert not [c for c in BARRED if c in db_words(Path(HOSTILE + ".duckdb"))]


@pytest.mark.parametrize("kind", ["missing", "newer", "text", "foreign"])
def test_a_database_that_cannot_be_used_is_3_in_one_sentence(kind: str, fuzzgen: Run, db: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.duckdb"
    match kind:
        case "newer":
            shutil.copy(db, path)
            with writing(path) as connection:
                connection.execute("INSERT INTO schema_version VALUES (99)")
        case "text":
            path.write_text("hello\n" * 3000, encoding="utf-8")
        case "foreign":
            import duckdb

            duckdb.connect(str(path)).close()
    for arguments in (("findings",), ("findings", "show", "f1"), ("query", "SELECT 1")):
        done = fuzzgen(*arguments, "--db", path)
        assert done.code == 3, done.err
        assert done.out == ""
        assert len(done.err.strip().splitlines()) == 1
        assert str(path) in done.err
        assert done.err.startswith("fuzzgen: ")
        assert done.err.rstrip().endswith(")"), "the fix"


@pytest.mark.parametrize("sql", ["DROP TABLE runs", "SELECT * FROM read_text('/etc/passwd')", "SELECT nope FROM runs"])
def test_sql_that_is_not_allowed_is_2_in_one_sentence(sql: str, fuzzgen: Run, db: Path) -> None:
    done = fuzzgen("query", sql, "--db", db)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT date '200000-01-01'", "cast it to varchar"),
        ("SELECT 'infinity'::timestamp", "cast it to varchar"),
        ("SELECT * FROM test_all_types()", "cast it to varchar"),
        ("SELECT " + "1," * 300, "name fewer"),
        ("SELECT '\udcff'", "not text in UTF-8"),
    ],
)
def test_what_has_no_table_is_2_in_one_sentence(sql: str, says: str, fuzzgen: Run, db: Path) -> None:
    done = fuzzgen("query", sql, "--db", db)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert "Traceback" not in done.err


def test_unknown_findings_and_runs_are_2_with_the_nearest(fuzzgen: Run, db: Path) -> None:
    done = fuzzgen("findings", "show", "f2", "--db", db)
    assert done.code == 2
    assert "f1" in done.err
    done = fuzzgen("resume", "last", "--db", db)
    assert done.code == 2
    assert "no journals" in done.err


def test_a_file_that_cannot_be_written_is_3_in_one_sentence(fuzzgen: Run, db: Path, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        out = tmp_path / "gone" / "x"
        done = fuzzgen("query", "SELECT 1 AS one", "--format", form, "--out", out, "--db", db)
        assert done.code == 3, done.err
        assert str(out) in done.err
        assert "Traceback" not in done.err


def test_a_full_disk_behind_stdout_is_3_in_one_sentence(db: Path) -> None:
    command = [sys.executable, "-c", "from fuzzgen.cli.main import main; main()"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*command, "query", "--list"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3
    assert (
        done.stderr == "fuzzgen: cannot write the output: No space left on device (check the path and the space left)\n"
    )


def test_a_reader_that_leaves_early_is_no_error(db: Path) -> None:
    """As in `fuzzgen query … | head -1`: 1 would say that there are findings."""
    program = "import sys; sys.argv[0] = 'fuzzgen'; from fuzzgen.cli.main import main; main()"
    sql = "SELECT * FROM range(200000)"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "query", sql, "--format", "csv", "--db", str(db)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "range\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


def test_a_defect_of_ours_is_70_with_a_trace(fuzzgen: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError(f"oh no {HOSTILE}")

    monkeypatch.setattr("fuzzgen.grammar.built_in", broken)
    done = fuzzgen("grammar", "list")
    assert done.code == 70
    assert "Traceback" in done.err
    assert "Please report it" in done.err
    assert not [c for c in BARRED if c in done.err]


def test_the_progress_of_a_resumed_run_counts_what_is_there_and_paces_by_what_is_new() -> None:
    judged: Any = SimpleNamespace(assessments=[SimpleNamespace(outcome="hit")])
    run: Any = SimpleNamespace(
        meter=Meter(), target=SimpleNamespace(simulated=True), stopping=False, work=SimpleNamespace(doing="random")
    )
    line = Counts(60, Past(judged={str(n): judged for n in range(6)})).line(run)
    assert line.startswith("6/60 episodes · 6 hits · 0.0/min")
    assert "left" not in line
