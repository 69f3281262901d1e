"""Starting what a plan orders: the target is opened and asked once, then the run is followed to its end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TypeVar

import click

from fuzzgen.cli.progress import listener_for
from fuzzgen.engine.conduct import Conducted, conduct, open_plan_target, work_for
from fuzzgen.engine.past import Past
from fuzzgen.engine.plan import ExplorationPlan, Plan, ReductionPlan
from fuzzgen.scenario.events import RunStarted
from fuzzgen.store.ingest import Projector
from fuzzgen.target.port import Target, probe
from fuzzgen.target.spend import require_price

__all__ = ["announce", "follow", "opened"]

AnyPlan = TypeVar("AnyPlan", bound=Plan)


def opened(plan: AnyPlan, *, protocol_given: bool) -> tuple[AnyPlan, Target]:
    """The target of a plan, and the plan with the protocol that the target can do where none was asked for.

    Raises TargetError, and UsageError for a dollar cap on a target whose price is unknown.
    """
    target = open_plan_target(plan)
    require_price(plan.max_usd, priced=target.priced, model=plan.model)
    if not protocol_given and not target.function_calling:
        plan = plan.model_copy(update={"protocol": "inbox"})
    return plan, target


def announce(target: Target) -> None:
    """Says which model it is, and that a simulated agent is none."""
    about = " – a simulated agent (docs/reference-agents.md), not a real model" if target.simulated else ""
    click.echo(f"Target: {target.name}{about}", err=True)


def follow(
    plan: ExplorationPlan | ReductionPlan,
    started: RunStarted,
    target: Target,
    db: Path,
    *,
    as_json: bool,
    past: Past | None = None,
) -> Conducted:
    """Runs to the end, with progress or events as they come. A provider is asked once before anything rests on it."""

    def notice(text: str) -> None:
        click.echo(text, err=True)

    async def run() -> Conducted:
        if not plan.model.startswith(("reference/", "local/")):
            await asyncio.to_thread(Projector(db).prepare)  # a database that is locked is known before a call is paid
            await probe(target)
        with listener_for(plan.budget, as_json=as_json, past=past) as listen:
            return await conduct(plan, work_for(plan), started, target, db, (listen,), past, notice)

    return asyncio.run(run())
