"""The benchmark of reducers: paired problems, a virtual clock, and what is counted as wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from fuzzgen.bench.minimize import LANDSCAPES, REDUCERS, Task, one_run, summarize, tasks
from fuzzgen.bench.rivals import ddmin, greedy, hypothesis_shrinker, probdd
from fuzzgen.cli.bench_minimize import minimize_command
from fuzzgen.minimize.problems import Candidate, Problem

Rival = Callable[[Candidate, Callable[[Candidate], bool]], Candidate]


@pytest.mark.parametrize("reduce", [ddmin, greedy, probdd, hypothesis_shrinker])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_rival_finds_a_minimal_form_where_tests_do_not_err(reduce: Rival, seed: int) -> None:
    problem = Problem.planted(seed)
    asked: list[Candidate] = []

    def fires(candidate: Candidate) -> bool:
        asked.append(candidate)
        return problem.whole(candidate.kept)

    form = reduce(Candidate(problem, problem.everything), fires)
    assert problem.whole(form.kept)
    for element in form.elements():
        smaller = form.without([element])
        assert smaller is None or not problem.whole(smaller.kept)
    assert len(asked) < 400


@pytest.mark.parametrize("reducer", REDUCERS)
def test_a_run_is_the_same_whenever_it_is_made(reducer: str) -> None:
    task = Task(reducer, "planted", 3, 8)
    assert one_run(task) == one_run(task)


def test_hits_take_longer_on_the_clock_and_cost_no_more_episodes() -> None:
    quick, slow = (one_run(Task("fuzzgen", "planted", 1, 64, hits_take=h)) for h in (1.0, 3.0))
    assert quick.episodes == slow.episodes
    assert quick.rounds < slow.rounds
    assert quick.rounds < 64


def test_a_summary_counts_claims_only_of_reducers_that_make_them() -> None:
    todo = tasks(["planted"], 3, [1], reducers=["fuzzgen", "ddmin"])
    ours, theirs = summarize([one_run(task) for task in todo])
    assert (ours.certified, ours.wrong, ours.kept, ours.minimal) == (3, 0, 1.0, 1.0)
    assert (theirs.certified, theirs.wrong) == (None, None)
    assert ours.episodes_low <= ours.episodes <= ours.episodes_high


def test_with_json_there_is_data_on_stdout_and_nothing_else(tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"
    arguments = ["--runs", "2", "--problem", "planted", "--reducer", "fuzzgen", "--json", "--plot", str(plot)]
    pytest.importorskip("matplotlib")
    result = CliRunner().invoke(minimize_command, arguments, standalone_mode=False)
    assert result.exception is None
    table = json.loads(result.stdout)
    assert [(row["reducer"], row["concurrency"]) for row in table["summary"]] == [("fuzzgen", 1), ("fuzzgen", 64)]
    assert table["settings"] == {"hits_take": 2.0, "missing": 0.0, "delta": 0.05, "seed": 0}
    assert plot.read_text().startswith("<?xml")


def test_a_plot_without_matplotlib_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    arguments = ["--runs", "1", "--plot", str(tmp_path / "plot.svg")]
    result = CliRunner().invoke(minimize_command, arguments, standalone_mode=False)
    assert "matplotlib" in str(result.exception)
    assert "fuzzgen[bench]" in str(result.exception)


def test_the_command_offers_every_problem_and_reducer() -> None:
    choices = {p.name: tuple(p.type.choices) for p in minimize_command.params if hasattr(p.type, "choices")}
    assert choices == {"problems": LANDSCAPES, "reducers": REDUCERS}
