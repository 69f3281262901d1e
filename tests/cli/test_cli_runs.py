"""Runs from the command line: their exit codes, what stands on stdout, and what is left after an interruption."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from command_line import Run

from fuzzgen.engine.past import Past
from fuzzgen.scenario.events import RunStarted, Warned
from fuzzgen.scenario.verdict import Assessment, Verdict
from fuzzgen.store.journal import journals_of, read_journal
from fuzzgen.store.query import run_query

EXPLORE = ("explore", "--model", "reference/clean", "--strategy", "random")
COMMAND = "import sys; from fuzzgen.cli.main import main; main()"


@pytest.fixture
def always_guilty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that sees sabotage in every episode."""

    def judge(*_: Any, **__: Any) -> Assessment:
        verdict = Verdict(judge="rules", behavior="sabotage", outcome="hit", stage=5, harm="h", explanation="it did")
        return Assessment(judge="rules", outcome="hit", course="completed", eval_aware="none", verdicts=(verdict,))

    monkeypatch.setattr("fuzzgen.engine.run.judge_by_rules", judge)


def events(db: Path) -> list[Any]:
    (path,) = journals_of(db).glob("*.jsonl")
    return list(read_journal(path))


def test_nothing_found_is_0_and_says_what_that_means(fuzzgen: Run, tmp_path: Path) -> None:
    db = tmp_path / "x.duckdb"
    done = fuzzgen(*EXPLORE, "--budget", 6, "--db", db)
    assert done.code == 0, done.err
    assert "6 episodes against reference/clean (simulated agent): the budget is spent." in done.out
    assert "simulated agent" in done.err.splitlines()[0]
    assert "Episodes: 6 exploring, 100 % (random 6" in done.out
    assert "fuzzgen resume" in done.out
    assert "\x1b" not in done.out + done.err
    assert run_query(db, "SELECT count(*) AS n FROM episodes").to_pylist() == [{"n": 6}]
    listed = fuzzgen("findings", "--db", db)
    assert listed.code == 0
    assert "No findings yet" in listed.out


def test_episodes_that_do_not_count_are_told_with_the_reason(
    fuzzgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(*_: Any, **__: Any) -> Assessment:
        return Assessment(
            judge="rules", outcome="invalid", course="idle", eval_aware="none", reason="the reply was empty"
        )

    monkeypatch.setattr("fuzzgen.engine.run.judge_by_rules", judge)
    done = fuzzgen(*EXPLORE, "--budget", 6, "--db", tmp_path / "x.duckdb")
    assert "6 of 6 episodes do not count: 6 times the reply was empty." in done.out
    assert "0 hits in 0 valid of" in done.out


@pytest.mark.usefixtures("always_guilty")
def test_findings_are_1_and_json_is_one_event_on_each_line(fuzzgen: Run, tmp_path: Path) -> None:
    db = tmp_path / "x.duckdb"
    done = fuzzgen(*EXPLORE, "--budget", 24, "--json", "--db", db)
    assert done.code == 1, done.err
    lines = [json.loads(line) for line in done.out.splitlines()]
    numbers = [line["seq"] for line in lines]
    assert numbers == sorted(numbers)
    kinds = [line["event"] for line in lines]
    assert (kinds[0], kinds[-1]) == ("run_started", "run_finished")
    assert {"episode_judged", "candidate_found", "candidate_confirmed", "finding_saved"} <= set(kinds)
    found = next(line["finding_id"] for line in lines if line["event"] == "candidate_confirmed")
    shown = fuzzgen("findings", "show", found, "--db", db)
    assert shown.code == 0
    assert "sabotage" in shown.out
    assert "simulated agent" in shown.out
    assert [f["finding_id"] for f in json.loads(fuzzgen("findings", "--json", "--db", db).out)]


def _judged(db: Path) -> int:
    return sum(path.read_bytes().count(b'"event":"episode_judged"') for path in journals_of(db).glob("*.jsonl"))


def test_ctrl_c_is_130_and_keeps_what_was_paid_for(tmp_path: Path) -> None:
    db = tmp_path / "x.duckdb"
    arguments = [*EXPLORE, "--budget", "100000", "--concurrency", "4", "--db", str(db)]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while _judged(db) < 3:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, err
    assert "interrupted; everything so far is kept" in out
    assert "Traceback" not in err
    last = events(db)[-1]
    assert (last.event, last.reason) == ("run_finished", "interrupted")
    (row,) = run_query(db, "SELECT count(*) AS n FROM episodes").to_pylist()
    assert row["n"] == last.episodes == _judged(db)
    assert run_query(db, "SELECT status, stop_reason FROM runs").to_pylist() == [
        {"status": "finished", "stop_reason": "interrupted"}
    ]


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """The system refuses to let any file grow beyond `size` bytes, in the middle of a line, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_3_and_a_resume_goes_on_without_loss(fuzzgen: Run, tmp_path: Path) -> None:
    db = tmp_path / "x.duckdb"
    with small_disk(400_000):
        done = fuzzgen(*EXPLORE, "--budget", 10, "--concurrency", 2, "--db", db)
    assert done.code == 3, done.err
    assert "Traceback" not in done.err
    said = done.err.strip().splitlines()[-1]
    assert said.startswith("fuzzgen: cannot write ")
    assert "free some disk space, then `fuzzgen resume`" in said
    before = events(db)
    replies = [e.key for e in before if e.event == "model_replied"]
    assert replies
    again = fuzzgen("resume", "last", "--db", db)
    assert again.code == 0, again.err
    after = events(db)
    assert after[: len(before)] == before
    assert [e.seq for e in after] == list(range(1, len(after) + 1))
    asked = [e.key for e in after if e.event == "model_replied"]
    assert len(asked) == len(set(asked)), "no call is paid for twice"
    assert run_query(db, "SELECT count(*) AS n FROM episodes").to_pylist() == [{"n": 10}]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that sees failed calls in four of five episodes."""
    count = iter(range(10_000))

    def judge(*_: Any, **__: Any) -> Assessment:
        if next(count) % 5:
            return Assessment(judge="rules", outcome="error", course="idle", eval_aware="none", reason="no answer")
        return Assessment(judge="rules", outcome="miss", course="completed", eval_aware="none")

    monkeypatch.setattr("fuzzgen.engine.run.judge_by_rules", judge)


def test_where_most_calls_failed_nothing_found_is_exit_3(fuzzgen: Run, tmp_path: Path, failing: None) -> None:
    done = fuzzgen(*EXPLORE, "--budget", 10, "--db", tmp_path / "x.duckdb")
    assert "8 of 10 episodes do not count: 8 times no answer." in done.out
    assert done.code == 3


def test_a_run_that_had_its_time_wants_more_of_it(fuzzgen: Run, tmp_path: Path) -> None:
    db = tmp_path / "x.duckdb"
    done = fuzzgen(*EXPLORE, "--budget", 5000, "--max-time", "1s", "--db", db)
    assert done.code == 4
    assert "--max-time" in done.out.partition("Go on:")[2]
    again = fuzzgen("resume", "last", "--db", db)
    assert (again.code, "--max-time" in again.err) == (2, True), again.err
    more = fuzzgen("resume", "last", "--max-time", "10m", "--budget", 8, "--db", db)
    assert more.code == 0, more.err


def test_the_time_of_a_sitting_that_was_killed_counts() -> None:
    def started(at: str) -> RunStarted:
        return RunStarted(
            at=at, run_id="r", command="explore", model="m", grammars=(), seed=0, budget=1, parameters={},
            fuzzgen_version="0", hypothesis_version="0",
        )  # fmt: skip

    killed = [started("2026-01-01T10:00:00+00:00"), Warned(at="2026-01-01T10:00:07+00:00", message="alive")]
    again = [started("2026-01-01T12:00:00+00:00"), Warned(at="2026-01-01T12:00:05+00:00", message="alive")]
    assert Past.of(killed).seconds == 7
    assert Past.of([*killed, *again]).seconds == 12


def test_the_number_in_flight_changes_nothing_but_time(fuzzgen: Run, tmp_path: Path) -> None:
    found = []
    for flying in (1, 64):
        db = tmp_path / f"{flying}.duckdb"
        model = "reference/planted?seed=2&facts=2-2&p=0.9"
        fuzzgen("explore", "--model", model, "--budget", 250, "--seed", 2, "--concurrency", flying,
                "--db", db)  # fmt: skip
        asked = "SELECT scenario_id, phase, replicate, sampler FROM episodes ORDER BY ALL"
        found.append((run_query(db, "SELECT finding_id, status, hits, trials, minimal_id FROM findings ORDER BY ALL").to_pylist(),
                      run_query(db, asked).to_pylist()))  # fmt: skip
    assert found[0][0]
    assert any(f["minimal_id"] for f in found[0][0])
    assert found[0] == found[1]


def test_a_reader_that_leaves_ends_the_run_cleanly(tmp_path: Path) -> None:
    db = tmp_path / "x.duckdb"
    command = [sys.executable, "-c", COMMAND, *EXPLORE, "--budget", "3000", "--json", "--db", str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as run:
        assert run.stdout
        assert b"run_started" in run.stdout.readline()
        run.stdout.close()
        assert run.stderr
        said = run.stderr.read().decode()
        code = run.wait(120)
    assert code == 130, said
    assert "Traceback" not in said
    assert "never awaited" not in said
    assert run_query(db, "SELECT status, stop_reason FROM runs").to_pylist() == [
        {"status": "finished", "stop_reason": "interrupted"}
    ]


def test_a_run_that_spent_its_tokens_wants_more_of_them(fuzzgen: Run, tmp_path: Path) -> None:
    db = tmp_path / "x.duckdb"
    done = fuzzgen(*EXPLORE, "--budget", 500, "--max-tokens", 20_000, "--db", db)
    assert done.code == 4
    again = fuzzgen("resume", "last", "--db", db)
    assert (again.code, "--max-tokens" in again.err) == (2, True), again.err
    assert fuzzgen("resume", "last", "--max-tokens", 10**9, "--budget", 10, "--db", db).code == 0
