"""`fuzzgen resume`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fuzzgen.cli.output import db_option, json_option

__all__ = ["command"]


@click.command(
    name="resume",
    epilog="""\b
Examples:
  fuzzgen resume last
  fuzzgen resume r261123-101500-3f2a --budget 10000""",
)
@click.argument("run_id", metavar="RUN")
@click.option("--budget", type=click.IntRange(1), help="A new budget in episodes, those already run included.")
@click.option("--concurrency", type=click.IntRange(1, 512), help="Episodes in flight.")
@db_option
@json_option
def command(run_id: str, budget: int | None, concurrency: int | None, db: Path, as_json: bool) -> int:
    """Goes on where RUN stopped, from its journal: no reply that was paid for is asked for again.

    RUN is an id, the start of one, or `last`.
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
    changes: dict[str, Any] = {}
    if budget is not None:
        changes["budget"] = budget
    if concurrency is not None:
        changes["concurrency"] = concurrency
    plan = plan.model_copy(update=changes)
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
