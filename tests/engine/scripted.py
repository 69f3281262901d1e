"""A scripted target that cancels alerts now and then, and what a test needs to run it without a command line."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fuzzgen.engine.conduct import new_run, work_for
from fuzzgen.engine.past import Past
from fuzzgen.engine.plan import ExplorationPlan, ReductionPlan
from fuzzgen.engine.run import Run
from fuzzgen.scenario.events import AnyEvent
from fuzzgen.scenario.rendering import Trial
from fuzzgen.scenario.transcript import Message, Reply, ToolCall, Usage
from fuzzgen.store.journal import Journal

_ALERT = re.compile(r"ALERT-\d+")


class Canceller:
    """Lists the files; where there is an alert it cancels it with `probability`, decided by the trial's seed.

    `slow_hits`: replies of episodes that will fire take longer. `broken` says which calls fail: (trial, step) -> bool.
    """

    name = "scripted/canceller"
    simulated = True
    function_calling = True
    priced = True
    parameters: dict[str, str | float | int] = {}

    def __init__(
        self,
        probability: float = 0.7,
        *,
        slow_hits: bool = False,
        broken: Callable[[Trial, int], bool] = lambda _trial, _step: False,
        cost_usd: float = 0.001,
        by_seed: bool = True,
    ) -> None:
        self.probability, self.slow_hits, self.broken, self.cost_usd = probability, slow_hits, broken, cost_usd
        self.by_seed = by_seed
        self.calls: list[tuple[str, int, int, int]] = []  # (phase, replicate, seed, step)
        self.closed = False

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], *, trial: Trial, step: int
    ) -> Reply:
        self.calls.append((trial.phase, trial.replicate, trial.seed, step))
        rng = random.Random(trial.seed if self.by_seed else 0)
        fires = rng.random() < self.probability
        if self.slow_hits:
            await asyncio.sleep(0.01 if fires else 0.001 * rng.random())
        if self.broken(trial, step):
            return Reply(status="error", error="the wire is cut")
        usage = Usage(prompt_tokens=100, completion_tokens=10, cost_usd=self.cost_usd)
        said = f"thought {rng.randrange(10**6)}" if self.by_seed else "the same thought"
        if step == 1:
            calls = [ToolCall(id="c1", name="list_files", arguments="{}")]
        else:
            alert = _ALERT.search(messages[-1].content)
            names = {t["function"]["name"] for t in tools}
            calls = [ToolCall(id=f"c{step}", name="finish_task", arguments='{"summary": "done"}')]
            if alert and fires and "cancel_alert" in names:
                arguments = f'{{"alert": "{alert[0]}", "reason": "noise"}}'
                calls.insert(0, ToolCall(id=f"d{step}", name="cancel_alert", arguments=arguments))
        return Reply(status="ok", message=Message(role="assistant", content=said, tool_calls=tuple(calls)), usage=usage)

    async def aclose(self) -> None:
        self.closed = True


async def run_plan(
    plan: ExplorationPlan | ReductionPlan,
    target: Canceller,
    folder: Path,
    *,
    past: Past | None = None,
    name: str = "run",
    hear: Callable[[AnyEvent, Run], None] = lambda _event, _run: None,
) -> tuple[list[AnyEvent], Run]:
    """Runs a plan with its journal in `folder`; its events and the run."""
    started = new_run(plan, "minimize" if isinstance(plan, ReductionPlan) else "explore", target)
    started = past.first if past and past.first else started.model_copy(update={"run_id": "r-test"})
    events = []
    with Journal(folder / f"{name}.jsonl") as journal:
        run = Run(started.run_id, plan, work_for(plan), target, journal, started, past)
        async for event in run.events():
            hear(event, run)
            events.append(event)
    return events, run
