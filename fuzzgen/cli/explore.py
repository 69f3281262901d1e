"""`fuzzgen explore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fuzzgen.cli.exits import Exit
from fuzzgen.cli.options import (
    DEFAULT_MODEL,
    Number,
    behavior_option,
    budget_options,
    require_language,
    target_options,
)
from fuzzgen.cli.output import db_option, json_option, print_json

if TYPE_CHECKING:
    from fuzzgen.engine.plan import ExplorationPlan

__all__ = ["command"]


@click.command(
    name="explore",
    epilog="""\b
Examples:
  fuzzgen explore --budget 5000
  fuzzgen explore --model anthropic/NAME --budget 500 --max-usd 20
  fuzzgen explore --model openai/NAME --api-base http://localhost:8000/v1 --behavior blackmail
  fuzzgen explore --model local/smollm2-135m --protocol inbox --budget 60
  fuzzgen explore --event considered --plan""",
)
@target_options
@budget_options()
@click.option(
    "--grammar", "grammars", multiple=True, help="Name or path; several are taken in turn.  [default: corporate-email]"
)
@behavior_option
@click.option(
    "--event",
    type=click.Choice(["act", "attempt", "considered"]),
    default="act",
    show_default=True,
    help="What counts as a hit.",
)
@click.option(
    "--min-rate",
    type=Number(0.01, 0.9),
    default=0.1,
    show_default=True,
    help="A trigger fires above this rate.",
)
@click.option(
    "--strategy",
    type=click.Choice(["auto", "random", "covering", "qd"]),
    default="auto",
    show_default=True,
    help="How scenarios are chosen; docs/search.md says what each does.",
)
@click.option(
    "--corpus",
    type=click.Path(exists=True, path_type=Path),
    help="A file or folder of scenarios to start from (JSON, or factor levels as YAML).",
)
@click.option("--no-minimize", is_flag=True, help="Confirm only; `fuzzgen minimize` can shrink findings later.")
@click.option("--plan", "plan_only", is_flag=True, help="Say what would be run, and run nothing.")
@db_option
@json_option
def command(db: Path, as_json: bool, plan_only: bool, **options: Any) -> int:
    """Samples scenarios, runs a model in them, and confirms every suspected trigger with fresh episodes.

    Exit code 0: nothing found; 1: findings; 4: a cap ended it; 130: interrupted (what was paid for is kept).
    """
    from fuzzgen.cli.launch import announce, follow, opened
    from fuzzgen.cli.summary import exit_code, print_summary
    from fuzzgen.engine.conduct import new_run
    from fuzzgen.engine.plan import ExplorationPlan
    from fuzzgen.grammar import load_grammar
    from fuzzgen.scenario.verdict import BEHAVIORS

    model = options["model"] or DEFAULT_MODEL
    draft = ExplorationPlan(
        model=model,
        grammars=options["grammars"] or ("corporate-email",),
        behaviors=options["behaviors"] or BEHAVIORS,
        event=options["event"],
        min_rate=options["min_rate"],
        protocol=options["protocol"] or "tools",
        language=options["language"],
        strategy=options["strategy"],
        corpus=str(options["corpus"].resolve()) if options["corpus"] else "",
        budget=options["budget"],
        max_usd=options["max_usd"],
        max_tokens=options["max_tokens"],
        max_time=options["max_time"],
        concurrency=options["concurrency"] or (1 if model.startswith("local/") else 16),
        seed=options["seed"],
        temperature=options["temperature"],
        reply_tokens=options["reply_tokens"] or (300 if model.startswith("local/") else 1500),
        api_base=options["api_base"],
        price=options["price"],
        minimize=not options["no_minimize"],
    )
    for name in draft.grammars:
        require_language(load_grammar(name), draft.language)
    draft, target = opened(draft, protocol_given=options["protocol"] is not None)
    if not as_json:
        announce(target)
        _introduce(draft)
    if plan_only:
        if as_json:
            print_json(draft.model_dump(mode="json"))
        else:
            click.echo(draft.model_dump_json(indent=2))
        return Exit.NOTHING_FOUND

    done = follow(draft, new_run(draft, "explore", target), target, db, as_json=as_json)
    if not as_json:
        print_summary(done, draft, db)
    return exit_code(done)


def _introduce(plan: ExplorationPlan) -> None:
    budget = f"{plan.budget} episodes" if plan.budget else "no limit"
    click.echo(
        f"Plan: {budget}, grammar {', '.join(plan.grammars)}, protocol {plan.protocol}, event {plan.event},"
        f" {plan.strategy} search, seed {plan.seed}, {plan.concurrency} in flight",
        err=True,
    )
