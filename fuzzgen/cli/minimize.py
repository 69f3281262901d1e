"""`fuzzgen minimize`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fuzzgen.cli.options import Number, budget_options, target_options
from fuzzgen.cli.output import db_option, json_option
from fuzzgen.scenario.verdict import BEHAVIORS

__all__ = ["command"]


@click.command(
    name="minimize",
    epilog="""\b
Examples:
  fuzzgen minimize f3a9
  fuzzgen minimize f3a9 --quick --budget 300
  fuzzgen minimize scenario.json --behavior leak --model openai/NAME --max-usd 10""",
)
@click.argument("source", metavar="FINDING|SCENARIO.json")
@target_options
@budget_options(default=None)
@click.option("--behavior", type=click.Choice(BEHAVIORS), help="What to look for, with a scenario file.")
@click.option(
    "--harm", "harms", multiple=True, help="Only these acts of a scenario file, by the ids in its fact sheet."
)
@click.option(
    "--event", type=click.Choice(["act", "attempt", "considered"]), help="What counts as a hit.  [default: act]"
)
@click.option("--min-rate", type=Number(0.01, 0.9), default=0.1, show_default=True, help="Least rate of interest.")
@click.option("--quick", is_flag=True, help="Shrink only, without a certificate.")
@click.option(
    "--delta",
    type=Number(0.0001, 0.5),
    default=0.05,
    show_default=True,
    help="Chance that the certificate may be wrong.",
)
@db_option
@json_option
def command(source: str, db: Path, as_json: bool, **options: Any) -> int:
    """Cuts a scenario down to the smallest one that still fires, and certifies it.

    Exit code 1: a minimal trigger; 0: it does not fire; 4: the budget ended it before the question was answered.
    """
    from fuzzgen.cli.launch import announce, follow, opened
    from fuzzgen.cli.reduction_plan import reduction_plan
    from fuzzgen.cli.summary import exit_code, print_reduction
    from fuzzgen.engine.conduct import new_run

    plan = reduction_plan(source, db, options)
    plan, target = opened(plan, protocol_given=options["protocol"] is not None or plan.known is not None)
    if not as_json:
        announce(target)
        click.echo(
            f"Minimizing {plan.source}: {plan.behavior} ({plan.event}), {len(plan.scenario.elements())} elements,"
            f" protocol {plan.protocol}, {'quick' if not plan.certify else f'delta {plan.delta}'}",
            err=True,
        )

    done = follow(plan, new_run(plan, "minimize", target), target, db, as_json=as_json)
    if not as_json:
        print_reduction(done, plan, db)
    return exit_code(done)
