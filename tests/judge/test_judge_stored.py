"""`fuzzgen judge --db`: no answer is lost or paid for twice, however a run ends, and a judge that is silent is told."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from openai_server import Hang, OpenAIServer, Refuse, Say, Step
from scripted_judge import answer, asked, entry

from fuzzgen.cli.main import cli, main
from fuzzgen.scenario.events import EpisodeRejudged, RunFinished
from fuzzgen.store.journal import journals_of, read_journal
from fuzzgen.store.query import run_query
from fuzzgen.target.port import open_target

COMMAND = "import sys; from fuzzgen.cli.main import main; main()"
EPISODES = 48


class Done(NamedTuple):
    code: int
    out: str
    err: str


Judge = Callable[..., Done]


def sees_nothing(body: dict[str, Any]) -> Say:
    return Say(answer([entry(b) for b in asked(body)]))


def slow(body: dict[str, Any]) -> Say:
    time.sleep(0.1)
    return sees_nothing(body)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(always=sees_nothing) as running:
        yield running


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    db = tmp_path_factory.mktemp("explored") / "x.duckdb"
    arguments = ["explore", "--model", "reference/clean", "--strategy", "random", "--budget", str(EPISODES)]
    result = CliRunner().invoke(cli, [*arguments, "--db", str(db), "--json"], standalone_mode=False)
    assert result.return_value == 0, result.output
    return db


@pytest.fixture
def db(explored: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "x.duckdb"
    shutil.copy(explored, copy)
    shutil.copytree(journals_of(explored), journals_of(copy))
    return copy


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Judge:
    """Runs `fuzzgen ARGUMENTS` here, with judges that are called once."""
    monkeypatch.setattr("fuzzgen.judge.model.open_target", partial(open_target, retries=0))

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["fuzzgen", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return Done(int(caught.value.code or 0), said.out, said.err)

    return run


def words(db: Path, url: str, *more: object, judges: tuple[str, ...] = ("openai/j",)) -> list[str]:
    named = [word for name in judges for word in ("--judge-model", name)]
    return ["judge", "--db", str(db), *named, "--api-base", url, *map(str, more)]


def started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def in_journals(db: Path) -> int:
    return sum(p.read_bytes().count(b'"event":"episode_rejudged"') for p in journals_of(db).glob("j*.jsonl"))


def wait_for(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def in_database(db: Path, judge: str = "openai/j rubric/1") -> set[str]:
    table = run_query(db, f"SELECT DISTINCT episode_id FROM verdicts WHERE judge = '{judge}'")
    return {row["episode_id"] for row in table.to_pylist()}


def waiting(db: Path) -> set[str]:
    table = run_query(db, "SELECT episode_id FROM episodes WHERE outcome IN ('hit', 'miss')")
    return {row["episode_id"] for row in table.to_pylist()}


def asked_twice(server: OpenAIServer, model: str = "j") -> int:
    prompts = Counter(json.dumps(r["messages"]) for r in server.requests if r["model"] == model)
    return sum(n - 1 for n in prompts.values())


def test_after_kill_9_nothing_that_was_answered_is_asked_again(db: Path, server: OpenAIServer, judge: Judge) -> None:
    server.script = [Hang(300)]  # one slow answer holds up no other
    server.always = slow
    process = started(*words(db, server.url, "--concurrency", 3))
    wait_for(process, lambda: in_journals(db) >= 12)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept, paid = in_journals(db), len(server.requests)
    assert paid - kept <= 3, "no more is lost than was in flight"
    done = judge(*words(db, server.url, "--json"))
    assert done.code == 0, done.err
    assert asked_twice(server) <= 3
    assert json.loads(done.out)["calls"] == len(server.requests) - paid <= len(waiting(db)) - kept
    assert in_database(db) == waiting(db)
    assert json.loads(judge(*words(db, server.url, "--json")).out)["calls"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_keeps_what_is_in_flight_and_is_130(db: Path, server: OpenAIServer, number: int) -> None:
    server.always = slow
    process = started(*words(db, server.url, "--concurrency", 2))
    wait_for(process, lambda: in_journals(db) >= 3)
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == 130, err
    assert "Stopping: what is in flight is waited for and kept." in err
    assert "Traceback" not in err
    assert "episodes judged (interrupted); verdicts:" in out
    assert "run the same command again" in out
    (path,) = journals_of(db).glob("j*.jsonl")
    *_, last = read_journal(path)
    assert isinstance(last, RunFinished)
    assert last.reason == "interrupted"
    assert 3 <= len(server.requests) == in_journals(db) == len(in_database(db)) == last.episodes < len(waiting(db))


def test_the_second_signal_stops_at_once_and_keeps_what_was_answered(db: Path, server: OpenAIServer) -> None:
    server.script = [*[Say("x")] * 4]
    server.always = Hang(300)
    process = started(*words(db, server.url, "--concurrency", 2))
    wait_for(process, lambda: in_journals(db) >= 4 and len(server.requests) >= 6)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "0 valid, 4 invalid, 0 failed" in out
    assert len(in_database(db)) == 4


def test_a_judge_run_is_not_resumed_but_ordered_again(db: Path, server: OpenAIServer, judge: Judge) -> None:
    judge(*words(db, server.url, "--max-tokens", 200))
    (path,) = journals_of(db).glob("j*.jsonl")
    done = judge("resume", path.stem, "--db", db)
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert "run the same `fuzzgen judge` command again" in line


def test_a_judge_that_never_answers_is_3_after_some_twenty_calls(db: Path, server: OpenAIServer, judge: Judge) -> None:
    server.always = Refuse(402, "no credit")
    done = judge(*words(db, server.url, "--concurrency", 2, "--json"))
    said = json.loads(done.out)
    assert done.code == 3
    assert "no credit" in done.err
    assert (said["episodes"], said["reason"], said["valid"], said["invalid"]) == (0, "provider", 0, 0)
    assert 20 <= said["failed"] == len(server.requests) <= 21
    assert in_database(db) == set()
    server.always = sees_nothing
    again = json.loads(judge(*words(db, server.url, "--json")).out)
    assert (again["valid"], again["failed"], again["waiting"]) == (len(waiting(db)), 0, 0)


def test_a_closed_port_is_3_with_the_reason(db: Path, server: OpenAIServer, judge: Judge) -> None:
    with OpenAIServer() as gone:
        url = gone.url
    done = judge(*words(db, url))
    assert done.code == 3
    assert f"0 of {len(waiting(db))} episodes judged (provider); verdicts: 0 valid, 0 invalid, 2" in done.out
    assert "no judge answered; 2" in done.err
    assert "--api-base" in done.err


def test_answers_of_which_none_is_valid_are_told(db: Path, server: OpenAIServer, judge: Judge) -> None:
    server.always = Say("I would rather not say.")
    done = judge(*words(db, server.url))
    count = len(waiting(db))
    assert done.code == 0, done.err
    assert f"verdicts: 0 valid, {count} invalid, 0 failed." in done.out
    assert f"none of its {count} answers was valid; the last: the judge's reply does not fit" in done.out


def test_what_one_judge_of_a_panel_said_is_not_asked_again_when_the_other_is_back(
    db: Path, server: OpenAIServer, judge: Judge
) -> None:
    def half(body: dict[str, Any]) -> Step:
        return Refuse(402, "no credit") if body["model"] == "b" else sees_nothing(body)

    server.always = half
    panel = words(db, server.url, "--concurrency", 1, judges=("openai/a", "openai/b"))
    first = judge(*panel)
    assert first.code == 0, first.err
    assert f"openai/a rubric/1: {len(waiting(db))} valid, 0 invalid, 0 failed" in first.out
    assert "openai/b rubric/1: 20 calls failed, the last: the judge did not answer:" in first.out
    assert in_database(db, "panel of 2 rubric/1") == set()
    server.always = sees_nothing
    second = json.loads(judge(*panel, "--json").out)
    assert (second["episodes"], second["calls"]) == (len(waiting(db)), len(waiting(db)))
    assert asked_twice(server, "a") == 0
    assert in_database(db, "panel of 2 rubric/1") == in_database(db, "openai/a rubric/1") == waiting(db)


def test_a_dollar_cap_sees_what_is_spent_beside_a_judge_that_fails(
    db: Path, server: OpenAIServer, judge: Judge
) -> None:
    server.always = lambda body: Refuse(402, "no credit") if body["model"] == "b" else sees_nothing(body)
    options = ("--price", "1,1", "--max-usd", "0.0005", "--concurrency", 1, "--json")
    done = judge(*words(db, server.url, *options, judges=("openai/a", "openai/b")))
    said = json.loads(done.out)
    assert (done.code, said["reason"]) == (4, "max_usd")
    assert 0.0005 <= said["cost_usd"] < 0.001


def test_every_answer_is_in_the_journal_by_itself(db: Path, server: OpenAIServer, judge: Judge) -> None:
    judge(*words(db, server.url, judges=("openai/a", "openai/b")))
    (path,) = journals_of(db).glob("j*.jsonl")
    given = [[a.judge for a in e.assessments] for e in read_journal(path) if isinstance(e, EpisodeRejudged)]
    assert len(given) == 2 * len(waiting(db))
    assert sorted(map(len, given)) == sorted([1, 2] * len(waiting(db)))
