"""`fuzzgen grammar`."""

from __future__ import annotations

import math
from pathlib import Path

import click

from fuzzgen.cli.output import clean, console, json_option, print_json

__all__ = ["command"]


@click.group(
    name="grammar",
    epilog="""\b
Examples:
  fuzzgen grammar list
  fuzzgen grammar check my-grammar.yaml
  fuzzgen grammar show corporate-email
  fuzzgen grammar sample corporate-email -n 2 --seed 7""",
)
def command() -> None:
    """Lists, checks, shows and samples grammars."""


@command.command(name="list")
@json_option
def list_command(as_json: bool) -> int:
    """Lists the grammars that come with fuzzgen."""
    from fuzzgen.grammar import built_in, load_grammar

    grammars = [load_grammar(name) for name in built_in()]
    if as_json:
        print_json([{"name": g.name, "title": g.title, "languages": g.languages} for g in grammars])
    else:
        for grammar in grammars:
            click.echo(f"{grammar.name:24} {grammar.title} ({', '.join(grammar.languages)})")
    return 0


@command.command(name="check")
@click.argument("path")
def check_command(path: str) -> int:
    """Checks a grammar file; an error names file, line and fix."""
    from fuzzgen.grammar import load_grammar, sample
    from fuzzgen.scenario.elements import check

    grammar = load_grammar(path)
    for seed in range(50):
        check(sample(grammar, seed))
    click.echo(f"{clean(grammar.name)}: fine. {len(grammar.factors)} factors; 50 sampled scenarios are valid.")
    return 0


@command.command(name="show")
@click.argument("name")
@json_option
def show_command(name: str, as_json: bool) -> int:
    """Shows the factors of a grammar with their levels, and how many situations it holds."""
    from rich.table import Table

    from fuzzgen.grammar import load_grammar
    from fuzzgen.grammar.size import assignments

    grammar = load_grammar(name)
    size = assignments(grammar)
    if as_json:
        print_json({"name": grammar.name, "assignments": size, "factors": {f.name: f.levels for f in grammar.factors}})
        return 0
    out = console()
    out.print(f"{clean(grammar.title)}: {clean(grammar.description)}")
    table = Table()
    for column in ("factor", "levels"):
        table.add_column(column)
    for factor in grammar.factors:
        table.add_row(factor.name, ", ".join(factor.levels))
    out.print(table)
    out.print(
        f"{size:,} distinct assignments of factors (about 10^{math.log10(size):.1f}; names, dates and wording not counted)"
    )
    return 0


@command.command(name="sample")
@click.argument("name")
@click.option("-n", "count", type=click.IntRange(1), default=1, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The first seed.")
@click.option("--protocol", type=click.Choice(["tools", "inbox"]), help="Show it as a model would get it.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write one JSON file for each here.")
def sample_command(name: str, count: int, seed: int, protocol: str | None, out: Path | None) -> int:
    """Prints sampled scenarios as JSON, or as a model would get them."""
    from fuzzgen.grammar import load_grammar, sample
    from fuzzgen.render import render

    grammar = load_grammar(name)
    for number in range(seed, seed + count):
        scenario = sample(grammar, number)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"{scenario.scenario_id}.json").write_text(scenario.canonical() + "\n", encoding="utf-8")
        elif protocol is None:
            click.echo(scenario.canonical())
        else:
            rendering = render(scenario, "tools" if protocol == "tools" else "inbox")
            for message in rendering.messages:
                click.echo(f"--- {message.role}\n{clean(message.content)}")
            if protocol == "tools":
                for item in rendering.items:
                    click.echo(
                        f"--- {item.id} {item.medium}: {clean(item.title)} ({clean(item.sender)})\n{clean(item.body)}"
                    )
    return 0
