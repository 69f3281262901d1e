"""`fuzzgen bench`."""

from __future__ import annotations

import click

from fuzzgen.cli.bench_judge import judge_command
from fuzzgen.cli.bench_minimize import minimize_command
from fuzzgen.cli.bench_search import search_command
from fuzzgen.cli.output import json_option, print_json

__all__ = ["command"]


@click.group(
    name="bench",
    epilog="""\b
Examples:
  fuzzgen bench throughput
  fuzzgen bench throughput --json
  fuzzgen bench judge --part tuning
  fuzzgen bench minimize --problem planted
  fuzzgen bench search --trials 30""",
)
def command() -> None:
    """Measures fuzzgen itself."""


command.add_command(judge_command)
command.add_command(minimize_command)
command.add_command(search_command)


@command.command(name="throughput")
@click.option("--count", type=click.IntRange(50), default=1000, show_default=True, help="Scenarios to sample.")
@click.option("--grammar", default="corporate-email", show_default=True, help="The grammar to sample.")
@json_option
def throughput_command(count: int, grammar: str, as_json: bool) -> int:
    """Full scenarios per second on one core, and what rendering and hashing cost beside that."""
    from fuzzgen.bench.throughput import measure

    result = measure(grammar, count)
    if as_json:
        print_json(result)
        return 0
    for name, value in result.items():
        click.echo(f"{name:28} {value:,.2f}" if isinstance(value, float) else f"{name:28} {value}")
    return 0
