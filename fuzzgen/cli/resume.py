"""`fuzzgen resume`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fuzzgen.cli.options import cap_options
from fuzzgen.cli.output import db_option, json_option

if TYPE_CHECKING:
    from fuzzgen.engine.past import Past
    from fuzzgen.engine.plan import Plan

__all__ = ["command"]


@click.command(
    name="resume",
    epilog="""\b
Examples:
  fuzzgen resume last
  fuzzgen resume r261123-101500-3f2a --budget 10000
  fuzzgen resume last --max-usd 40 --max-time 3h""",
)
@click.argument("run_id", metavar="RUN")
@click.option("--budget", type=click.IntRange(1), help="A new budget in episodes, those already run included.")
@cap_options
@click.option("--concurrency", type=click.IntRange(1, 512), help="Episodes in flight.")
@db_option
@json_option
def command(run_id: str, db: Path, as_json: bool, **changes: Any) -> int:
    """Goes on where RUN stopped, from its journal: no reply that was paid for is asked for again.

    RUN is an id, the start of one, or `last`. Caps count what was spent before; a run that one of them ended needs a
    higher one.
    """
    from fuzzgen.cli.launch import follow, opened
    from fuzzgen.cli.summary import exit_code, print_summary_of
    from fuzzgen.engine.past import Past
    from fuzzgen.engine.plan import plan_from
    from fuzzgen.errors import StorageError, UsageError
    from fuzzgen.store.ingest import rebuild
    from fuzzgen.store.journal import find_journal, read_journal

    path = find_journal(db, run_id)
    past = Past.of(read_journal(path))
    if past.first is None:
        raise StorageError(f"{path} does not say what the run was", fix="start a new run with `fuzzgen explore`")
    if past.first.command == "judge":
        fix = "run the same `fuzzgen judge` command again: it goes on where it stopped"
        raise UsageError(f"{past.first.run_id} judged stored episodes and cannot be resumed", fix=fix)
    plan = plan_from(past.first.command, past.first.parameters)
    plan = plan.model_copy(update={name: value for name, value in changes.items() if value is not None})
    _require_room(plan, past)
    rebuild(db, [read_journal(path)])
    plan, target = opened(plan, protocol_given=True)
    started = past.first.model_copy(
        update={"resumed": True, "budget": plan.budget, "parameters": plan.model_dump(mode="json")}
    )
    if not as_json:
        click.echo(f"Resuming {started.run_id}: {len(past.judged)} episodes are there already.", err=True)

    done = follow(plan, started, target, db, as_json=as_json, past=past)
    if not as_json:
        print_summary_of(done, plan, db)
    return exit_code(done)


def _require_room(plan: Plan, past: Past) -> None:
    """Raises UsageError where a cap leaves nothing to do: the run would end before it began."""
    from fuzzgen.errors import UsageError
    from fuzzgen.target.spend import Meter

    if plan.max_time is not None and past.seconds >= plan.max_time:
        raise UsageError(
            f"the run has had its time: {past.seconds:.0f} of {plan.max_time:.0f} seconds",
            fix="give it more with --max-time, the time before included",
        )
    meter = Meter(max_usd=plan.max_usd, max_tokens=plan.max_tokens)
    for e in past.judged.values():
        meter.add_totals(e.prompt_tokens, e.completion_tokens, e.cached_tokens, e.cost_usd)
    if cap := meter.reached():
        raise UsageError(
            f"the run has spent what it may: {meter.tokens:,} tokens, ${meter.known_usd:.2f}",
            fix=f"give it more with --{cap.replace('_', '-')}, what was spent before included",
        )
