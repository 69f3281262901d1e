"""The search benchmark: paired trials of strategies on planted agents, kept in a file and taken up where they ended.

Trial i of a problem is one agent and one seed; every strategy runs on it, and the random stream of all of them is the
same. Agents for tuning and for reporting come from different seeds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import fuzzgen
from fuzzgen.bench.search_pipeline import Course, Setting, explore_planted
from fuzzgen.errors import InputError
from fuzzgen.explore import STRATEGIES, FactorSpace, Outcome, strategy_named
from fuzzgen.files import read_input
from fuzzgen.grammar import load_grammar
from fuzzgen.target.reference.planted import Kind, planted_triggers, stages

__all__ = ["PROBLEMS", "Part", "Problem", "Trial", "overhead", "run_trials"]

Part = Literal["tuning", "reporting"]
FIRST_SEED: dict[Part, int] = {"tuning": 0, "reporting": 1_000_000}
TRIGGERS = 12
GRAMMAR = "corporate-email"


@dataclass(frozen=True)
class Problem:
    """Agents of one kind; `facts` bounds the facts of their triggers. `planted` is how many triggers each has."""

    name: str
    kind: Kind
    facts: tuple[int, int] = (2, 8)

    @property
    def planted(self) -> int:
        return 0 if self.kind == "clean" else TRIGGERS


PROBLEMS: dict[str, Problem] = {
    p.name: p
    for p in (
        Problem("graded", "graded"),
        Problem("half-graded", "half-graded"),
        Problem("flat", "flat"),
        Problem("deceptive", "deceptive"),
        Problem("graded-6-8", "graded", (6, 8)),
        Problem("half-graded-6-8", "half-graded", (6, 8)),
        Problem("clean", "clean"),
    )
}


@dataclass(frozen=True)
class Trial:
    """One strategy on one agent."""

    problem: str
    strategy: str
    number: int
    course: Course


def run_trials(
    problems: Sequence[str],
    strategies: Sequence[str],
    trials: int,
    file: Path | None,
    *,
    part: Part = "reporting",
    setting: Setting | None = None,
) -> Iterator[Trial]:
    """All trials asked for, those in `file` first; new ones are added to it. Raises InputError where it does not fit."""
    setting = setting or Setting()
    head = {"fuzzgen": fuzzgen.__version__, "part": part, **asdict(setting)}
    done = _read(file, head) if file else {}
    for problem in (PROBLEMS[name] for name in problems):
        for number in range(trials):
            for strategy in strategies:
                key = (problem.name, strategy, number)
                if key not in done:
                    done[key] = _run(problem, strategy, number, part, setting)
                    if file:
                        _append(file, head, done[key])
                yield done[key]


def _run(problem: Problem, strategy: str, number: int, part: Part, setting: Setting) -> Trial:
    seed = FIRST_SEED[part] + number
    triggers = planted_triggers(seed, problem.kind, triggers=TRIGGERS, facts=problem.facts)
    course = explore_planted(load_grammar(GRAMMAR), triggers, strategy, seed, setting)
    return Trial(problem.name, strategy, number, course)


def _read(file: Path, head: dict[str, Any]) -> dict[tuple[str, str, int], Trial]:
    if not file.exists() or not (lines := read_input(file).splitlines()):
        return {}
    if lines[0] != json.dumps(head):
        raise InputError(
            f"this is of another benchmark, or of none: {lines[0][:200]}",
            fix="give another --out, or remove it",
            file=file,
        )
    out = {}
    for number, line in enumerate(lines[1:], 2):
        if not line.endswith("}"):
            continue  # the last line of a run that was cut off
        try:
            row = json.loads(line)
            course = Course(tuple(row["found_at"]), row["false"], row["explored"], row["confirming"], row["by_sampler"])
            trial = Trial(row["problem"], row["strategy"], row["number"], course)
        except (ValueError, TypeError, KeyError):
            raise InputError("this is no trial", fix="remove the line", file=file, line=number) from None
        out[trial.problem, trial.strategy, trial.number] = trial
    return out


def _append(file: Path, head: dict[str, Any], trial: Trial) -> None:
    new = not file.exists() or not file.stat().st_size
    row = {"problem": trial.problem, "strategy": trial.strategy, "number": trial.number, **asdict(trial.course)}
    with file.open("a", encoding="utf-8") as out:
        if new:
            out.write(json.dumps(head) + "\n")
        out.write(json.dumps(row) + "\n")


def overhead(episodes: int = 3000, seed: int = 7) -> dict[str, float]:
    """Strategy -> CPU milliseconds of asking and telling per episode on a graded agent; no scenario is built."""
    grammar, triggers = load_grammar(GRAMMAR), planted_triggers(seed, "graded")
    out = {}
    for name in STRATEGIES:
        strategy = strategy_named(name, FactorSpace((grammar,)), seed)
        spent = 0.0
        for number in range(episodes):
            begun = time.process_time()
            (proposal,) = strategy.ask()
            spent += time.process_time() - begun
            outcome = Outcome({b: s for b, s in stages(triggers, proposal.draft.factors, number).items() if b})
            begun = time.process_time()
            strategy.tell(proposal, outcome)
            spent += time.process_time() - begun
        out[name] = 1000 * spent / episodes
    return out
