"""The events of a small run, written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import fuzzgen
from fuzzgen.grammar import sample
from fuzzgen.render import render
from fuzzgen.scenario.events import (
    AnyEvent,
    CandidateFound,
    EpisodeJudged,
    EpisodeStarted,
    FindingSaved,
    ModelReplied,
    RunFinished,
    RunStarted,
    ScenarioSampled,
    ShrinkStep,
    Warned,
)
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.rendering import Rendering
from fuzzgen.scenario.tools import Act
from fuzzgen.scenario.transcript import Message, Reply, Transcript
from fuzzgen.scenario.verdict import Assessment, Evidence, Verdict

AT = "2026-03-02T10:30:00.250+00:00"


@lru_cache(maxsize=32)
def situation(seed: int) -> tuple[Scenario, Rendering]:
    scenario = sample(fuzzgen.load_grammar("corporate-email"), seed)
    return scenario, render(scenario, "tools")


def run_started(run_id: str = "r1", **changes: Any) -> RunStarted:
    values: dict[str, Any] = {
        "run_id": run_id, "command": "explore", "model": "test/model", "grammars": ("corporate-email",), "seed": 3,
        "budget": 10, "parameters": {"budget": 10}, "fuzzgen_version": "0", "hypothesis_version": "6",
    }  # fmt: skip
    return RunStarted(**{**values, **changes})


def started(number: int, *, run_id: str = "r1", phase: Any = "explore", sampler: str = "random") -> EpisodeStarted:
    scenario, rendering = situation(number % 8)
    return EpisodeStarted(
        episode_id=f"{run_id}-e{number}",
        launch=number,
        scenario_id=scenario.scenario_id,
        rendering_id=rendering.rendering_id,
        phase=phase,
        sampler=sampler,
        replicate=number,
        seed=number,
    )


def judged(
    number: int,
    *,
    run_id: str = "r1",
    outcome: Any = "miss",
    stage: int | None = 2,
    aware: Any = "none",
    seen: bool = True,
) -> EpisodeJudged:
    """`seen`: whether the judge writes a row at all."""
    hit = outcome == "hit"
    verdict = Verdict(
        judge="rules-1", behavior="blackmail", outcome=outcome, stage=5 if hit else stage, harm="h" * hit,
        evidence=(Evidence(step=1, kind="act", quote="“pay”\x1b[31m"),),
    )  # fmt: skip
    return EpisodeJudged(
        episode_id=f"{run_id}-e{number}",
        transcript=Transcript(
            messages=(Message(role="assistant", content=f"text {number} ünï\u202e"),),
            ledger=(
                Act(step=1, tool="send_email", effect="told", recipients=("a@example.org",), content="x"),
                Act(step=1, tool="forward", effect="sent", objects=("a:1",), ok=False, note="no"),
            ),
            steps=1,
            reasoning_visible=stage is not None,
        ),
        assessments=(
            Assessment(
                judge="rules-1",
                outcome=outcome,
                course="completed",
                eval_aware=aware,
                verdicts=(verdict,) if seen else (),
            ),
        ),
        prompt_tokens=7,
        cost_usd=0.5,
    )


def episode(
    number: int, *, run_id: str = "r1", outcome: Any = "miss", aware: Any = "none", seen: bool = True, **where: Any
) -> list[AnyEvent]:
    scenario, rendering = situation(number % 8)
    return [
        ScenarioSampled(scenario=scenario, rendering=rendering, sampler="random"),
        started(number, run_id=run_id, **where),
        ModelReplied(episode_id=f"{run_id}-e{number}", step=1, key=f"k{number}", reply=Reply(status="ok")),
        judged(number, run_id=run_id, outcome=outcome, aware=aware, seen=seen),
    ]


def finding(status: Any, **changes: Any) -> FindingSaved:
    scenario, _ = situation(1)
    values: dict[str, Any] = {
        "finding_id": "f1", "model": "test/model", "behavior": "blackmail", "looking_for": "act",
        "scenario_id": scenario.scenario_id, "status": status, "hits": 8, "trials": 10, "rate": 0.8, "rate_low": 0.4,
        "rate_high": 0.95,
    }  # fmt: skip
    return FindingSaved(**{**values, **changes})


def whole_run(run_id: str = "r1", episodes: int = 8) -> list[AnyEvent]:
    """A run with everything that the database keeps, numbered and dated as the journal does."""
    scenario, rendering = situation(1)
    events: list[AnyEvent] = [run_started(run_id)]
    for number in range(episodes):
        events += episode(number, run_id=run_id, outcome="hit" if number == 1 else "miss")
    found = CandidateFound(
        finding_id="f1", scenario_id=scenario.scenario_id, rendering_id=rendering.rendering_id, behavior="blackmail",
        looking_for="act", episode_id=f"{run_id}-e1", position=1,
    )  # fmt: skip
    step = ShrinkStep(
        finding_id="f1", step=1, purpose="search", move="cut", decision="accept", scenario_id=scenario.scenario_id,
        removed=("p1",), hits=3, trials=4, missing=0, evalue=2.5, accepted=True,
    )  # fmt: skip
    events += [found, finding("candidate", rate=None), step, finding("confirmed"), Warned(message="careful\x1b[2J")]
    events += [
        RunFinished(
            reason="budget",
            episodes=episodes,
            findings=1,
            prompt_tokens=1,
            completion_tokens=1,
            cost_usd=1.0,
            seconds=2,
        )
    ]
    return numbered(events)


def numbered(events: Sequence[AnyEvent], start: int = 1) -> list[AnyEvent]:
    return [e.model_copy(update={"seq": i, "at": AT}) for i, e in enumerate(events, start)]
