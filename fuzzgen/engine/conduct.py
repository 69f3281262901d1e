"""Conducts a run from plan to finish: opens target, journal and database, feeds the listeners, survives interruption."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import fuzzgen
from fuzzgen.engine.effects import update_effects
from fuzzgen.engine.exploration import Exploration
from fuzzgen.engine.hunt import Hunt
from fuzzgen.engine.minimizing import Minimizing
from fuzzgen.engine.past import Past
from fuzzgen.engine.plan import ExplorationPlan, Plan, ReductionPlan
from fuzzgen.engine.reduction import Reduction
from fuzzgen.engine.run import Run, Work
from fuzzgen.engine.upkeep import fed, interrupts
from fuzzgen.errors import StorageError
from fuzzgen.grammar import HYPOTHESIS_VERSION, load_grammar
from fuzzgen.render import render
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.events import AnyEvent, RunFinished, RunStarted
from fuzzgen.store.ingest import Projector
from fuzzgen.store.journal import Journal, journal_path, read_journal
from fuzzgen.target.port import Target, open_target

__all__ = ["Conducted", "Listener", "conduct", "new_run", "open_plan_target", "work_for"]

Listener = Callable[[AnyEvent, Run], None]


@dataclass
class Conducted:
    """What is left when a run is over."""

    run: Run
    finished: RunFinished | None
    behind: int = 0
    problems: list[str] = field(default_factory=list)


def new_run(plan: Plan, command: str, target: Target) -> RunStarted:
    """The first event of a new run. Its id says when it began and is unique to plan and moment."""
    now = datetime.now(UTC)
    run_id = now.strftime("r%y%m%d-%H%M%S-") + content_hash([plan.model_dump(mode="json"), now.isoformat()])[:4]
    return RunStarted(
        run_id=run_id,
        command=command,
        model=plan.model,
        grammars=plan.grammars if isinstance(plan, ExplorationPlan) else (),
        seed=plan.seed,
        budget=plan.budget,
        parameters=plan.model_dump(mode="json"),
        fuzzgen_version=fuzzgen.__version__,
        hypothesis_version=HYPOTHESIS_VERSION,
        simulated=target.simulated,
    )


async def conduct(
    plan: Plan,
    work: Work,
    started: RunStarted,
    target: Target,
    db: Path,
    listeners: tuple[Listener, ...] = (),
    past: Past | None = None,
    notice: Callable[[str], None] = lambda _text: None,
) -> Conducted:
    """Runs to the end, or to the first Ctrl-C (drains) or the second (stops at once). Raises what ended the run.

    `notice` hears what somebody who presses Ctrl-C should know. A database that cannot be used is refused before anything
    is spent.
    """
    projector = Projector(db)
    await asyncio.to_thread(projector.prepare)
    path = journal_path(db, started.run_id)
    with Journal(path) as journal:
        if past is not None:
            projector.remember(read_journal(path))
        run = Run(started.run_id, plan, work, target, journal, started, past)
        done = Conducted(run, None)
        try:
            async with fed(projector) as feed:
                with interrupts(run, notice):
                    async for event in run.events():
                        feed.waiting.append(event)
                        if isinstance(event, RunFinished):
                            done.finished = event
                        for listen in listeners:
                            listen(event, run)
        finally:
            await target.aclose()
        done.problems, done.behind = feed.problems, feed.behind
    if isinstance(plan, ExplorationPlan) and not done.problems:
        try:
            await asyncio.to_thread(update_effects, db)
        except StorageError as error:
            done.problems.append(str(error))
    return done


def work_for(plan: ExplorationPlan | ReductionPlan) -> Hunt | Reduction:
    """The work that a plan orders. Raises GrammarError."""
    shown = partial(render, protocol=plan.protocol)
    if isinstance(plan, ReductionPlan):
        return Reduction(plan, shown, plan.known)
    exploration = Exploration(plan, [load_grammar(name) for name in plan.grammars], shown, plan.budget)
    return Hunt(plan, exploration, Minimizing(plan, exploration, shown))


def open_plan_target(plan: Plan) -> Target:
    """The target that a plan names."""
    return open_target(
        plan.model,
        api_base=plan.api_base,
        temperature=plan.temperature,
        max_tokens=plan.reply_tokens,
        price=plan.price,
    )
