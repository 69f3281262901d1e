"""The search benchmark: charges for everything, resumes, compares honestly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from scipy.stats import false_discovery_control

from fuzzgen.bench.search import PROBLEMS, Trial, run_trials
from fuzzgen.bench.search_pipeline import Course, Setting, explore_planted
from fuzzgen.bench.search_report import compare, discovery_curve, draw_curves, holm
from fuzzgen.cli.bench_progress import paced
from fuzzgen.cli.main import cli
from fuzzgen.errors import InputError, UsageError
from fuzzgen.grammar import load_grammar
from fuzzgen.target.reference.planted import planted_triggers

GRAMMAR = load_grammar("corporate-email")
SMALL = Setting(budget=900, shrink=100)


def course(found_at: tuple[int, ...]) -> Course:
    return Course(found_at, 0, 100, 10, {"random": 100})


def test_the_same_trial_is_the_same_course() -> None:
    triggers = planted_triggers(5, "graded")
    assert explore_planted(GRAMMAR, triggers, "auto", 5, SMALL) == explore_planted(GRAMMAR, triggers, "auto", 5, SMALL)


def test_every_trigger_is_paid_for_and_counted_once() -> None:
    triggers = planted_triggers(5, "graded", facts=(2, 3))
    result = explore_planted(GRAMMAR, triggers, "random", 5, SMALL)
    assert 3 <= len(result.found_at) <= 9
    gaps = [b - a for a, b in zip((0, *result.found_at), result.found_at, strict=False)]
    assert min(gaps) >= SMALL.shrink + 8  # a reduction and the least number of fresh episodes
    assert result.found_at[-1] <= SMALL.budget
    assert result.explored + result.confirming + SMALL.shrink * (len(result.found_at) + 1) >= SMALL.budget


def test_acts_that_a_judge_only_imagines_are_not_confirmed() -> None:
    noisy = Setting(budget=2000, spurious=0.02)
    for seed in range(3):
        result = explore_planted(GRAMMAR, (), "auto", seed, noisy)
        assert result.confirming > 200
        assert (result.false, result.found_at) == (0, ())


def test_climbing_pays_on_a_graded_agent_with_long_triggers() -> None:
    found = {
        name: [
            len(explore_planted(GRAMMAR, planted_triggers(s, "graded", facts=(6, 8)), name, s, Setting(3000)).found_at)
            for s in range(4)
        ]
        for name in ("random", "auto")
    }
    assert sum(found["auto"]) > 1.3 * sum(found["random"])


def test_trials_are_taken_up_where_they_ended(tmp_path: Path) -> None:
    file = tmp_path / "trials.jsonl"
    first = list(run_trials(["flat"], ["random", "auto"], 2, file, part="tuning", setting=SMALL))
    whole = file.read_text().splitlines()
    file.write_text("\n".join([*whole[:-1], whole[-1][:20]]) + "\n")  # the last one was cut off
    again = list(run_trials(["flat"], ["random", "auto"], 3, file, part="tuning", setting=SMALL))
    assert again[:4] == first
    assert len(again) == 6


def test_trials_of_another_setting_are_not_mixed_in(tmp_path: Path) -> None:
    file = tmp_path / "trials.jsonl"
    list(run_trials(["clean"], ["random"], 2, file, part="tuning", setting=Setting(budget=200)))
    with pytest.raises(UsageError, match="another benchmark"):
        list(run_trials(["clean"], ["random"], 2, file, part="reporting", setting=Setting(budget=200)))


def test_a_line_that_is_no_trial_is_named(tmp_path: Path) -> None:
    file = tmp_path / "trials.jsonl"
    list(run_trials(["clean"], ["random"], 1, file, part="tuning", setting=SMALL))
    with file.open("a") as out:
        out.write('{"problem": 3}\n')
    with pytest.raises(InputError, match="3: this is no trial"):
        list(run_trials(["clean"], ["random"], 2, file, part="tuning", setting=SMALL))


def test_differences_are_paired_and_bounded() -> None:
    base = [3, 5, 4, 6, 2, 5, 4, 7]
    trials = [Trial("flat", "random", i, course(tuple(range(1, n + 1)))) for i, n in enumerate(base)]
    trials += [Trial("flat", "auto", i, course(tuple(range(1, n + 2)))) for i, n in enumerate(base)]
    trials += [Trial("flat", "qd", i, course(tuple(range(1, n - (i % 2) * 2 + 1)))) for i, n in enumerate(base)]
    rows = {row.strategy: row for row in compare(trials, 100)}
    assert rows["random"].difference is None
    assert (rows["auto"].difference, rows["auto"].low, rows["auto"].not_worse) == (1.0, 1.0, True)
    assert rows["qd"].difference == -1.0
    assert rows["qd"].not_worse is False
    assert rows["auto"].a12 is not None
    assert rows["auto"].a12 > 0.5


def test_holm_is_stricter_than_no_correction_and_than_the_false_discovery_rate() -> None:
    values = [0.01, 0.04, 0.03, 0.005]
    assert holm(values) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert all(h >= f for h, f in zip(holm(values), false_discovery_control(values), strict=True))


def test_the_curve_is_what_was_found_by_then(tmp_path: Path) -> None:
    trials = [Trial("flat", "auto", i, course((10, 20, 90))) for i in range(3)]
    grid, (_, median, _, mean) = discovery_curve(trials, 100)
    assert median[0] == 0
    assert median[list(grid).index(20)] == 2
    assert mean[-1] == 3
    pytest.importorskip("matplotlib")
    draw_curves(trials, 100, tmp_path / "curves.svg")
    assert "triggers found of 12" in (tmp_path / "curves.svg").read_text()


def test_the_command_prints_the_figures_as_json() -> None:
    words = (
        "bench search --trials 2 --problem clean --problem graded --strategy random --strategy auto --budget 600 --json"
    )
    result = CliRunner().invoke(cli, words.split(), standalone_mode=False)
    figures = json.loads(result.output)
    assert {(r["problem"], r["strategy"]) for r in figures["rows"]} == {
        (p, s) for p in ("clean", "graded") for s in ("random", "auto")
    }
    assert max(figures["overhead_ms"].values()) > 0
    assert set(PROBLEMS) >= {r["problem"] for r in figures["rows"]}


def test_a_picture_that_cannot_be_drawn_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for name in ("search", "minimize"):
        arguments = ["bench", name, "--plot", str(tmp_path / "x.svg")]
        told = CliRunner().invoke(cli, arguments, standalone_mode=False)
        assert isinstance(told.exception, UsageError)
        assert "fuzzgen[bench]" in told.exception.fix


def test_how_far_a_benchmark_is_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter(range(0, 100, 6))
    monkeypatch.setattr("fuzzgen.cli.bench_progress.time.monotonic", lambda: next(clock))
    assert list(paced("abc", 3, "trials")) == ["a", "b", "c"]
    assert capsys.readouterr().err == "1 of 3 trials, about 12 s left\n2 of 3 trials, about 6 s left\n"
