"""`fuzzgen bench search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from fuzzgen.cli.bench_progress import paced, require_plots
from fuzzgen.cli.options import Number
from fuzzgen.cli.output import console, json_option, print_json

if TYPE_CHECKING:
    from fuzzgen.bench.search_report import Row

__all__ = ["search_command"]

STRATEGIES = ("random", "covering", "qd", "auto")
PROBLEMS = ("graded", "half-graded", "flat", "deceptive", "graded-6-8", "half-graded-6-8", "clean")


@click.command(
    name="search",
    epilog="""\b
Examples:
  fuzzgen bench search
  fuzzgen bench search --trials 100 --out search.jsonl --plot search.svg
  fuzzgen bench search --problem flat --strategy random --strategy auto --trials 10
  fuzzgen bench search --part tuning --json""",
)
@click.option("--trials", type=click.IntRange(2), default=30, show_default=True, help="Agents of each kind.")
@click.option("--problem", "problems", type=click.Choice(PROBLEMS), multiple=True, help="Only these.  [default: all]")
@click.option(
    "--strategy", "strategies", type=click.Choice(STRATEGIES), multiple=True, help="Only these.  [default: all]"
)
@click.option("--part", type=click.Choice(["tuning", "reporting"]), default="reporting", show_default=True)
@click.option(
    "--budget", type=click.IntRange(100), default=5000, show_default=True, help="Episodes, all calls included."
)
@click.option(
    "--shrink", type=click.IntRange(0), default=460, show_default=True, help="Episodes charged for each trigger found."
)
@click.option("--misread", type=Number(0, 1), default=0.1, show_default=True, help="Share of stages read one off.")
@click.option("--spurious", type=Number(0, 1), default=0.002, show_default=True, help="Share of acts seen wrongly.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Keep trials here, and go on from what is there."
)
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw discovery curves (.svg or .png).")
@json_option
def search_command(
    trials: int,
    problems: tuple[str, ...],
    strategies: tuple[str, ...],
    part: Literal["tuning", "reporting"],
    out: Path | None,
    plot: Path | None,
    as_json: bool,
    **setting: Any,
) -> int:
    """Strategies against planted agents with known triggers: how many are found for the same number of episodes.

    Takes about a fifth of a second for each agent and strategy. The unit is a planted trigger that was confirmed and
    paid for; docs/benchmarks/search.md has the figures and what they mean.
    """
    from fuzzgen.bench.search import overhead, run_trials
    from fuzzgen.bench.search_pipeline import Setting
    from fuzzgen.bench.search_report import compare, draw_curves

    if plot:
        require_plots()
    rules = Setting(**setting)
    problems, strategies = problems or PROBLEMS, strategies or STRATEGIES
    todo = run_trials(problems, strategies, trials, out, part=part, setting=rules)
    done = list(paced(todo, len(problems) * len(strategies) * trials, "trials"))
    rows = compare(done, rules.budget)
    cost = overhead()
    if plot:
        draw_curves(done, rules.budget, plot)
    if as_json:
        print_json(
            {
                "part": part,
                **setting,
                "overhead_ms": cost,
                "rows": [{**row.__dict__, "not_worse": row.not_worse} for row in rows],
            }
        )
    else:
        _print(rows)
        console().print("Asking and telling, CPU ms per episode: " + ", ".join(f"{k} {v:.2f}" for k, v in cost.items()))
    return 0


def _print(rows: list[Row]) -> None:
    from rich.table import Table

    table = Table(
        "problem", "strategy", "trials", "mean", "quartiles", "area", "A12", "difference [95 %]", "p", "not worse"
    )
    for row in rows:
        quartiles = " ".join(f"{q:g}" for q in row.quartiles)
        found = f"{row.mean:.2f}/{row.planted}" if row.planted else f"{row.false} false"
        cells = [row.problem, row.strategy, str(row.trials), found, quartiles, f"{row.area:.3f}"]
        if row.difference is not None and row.a12 is not None and row.p is not None:
            cells += [f"{row.a12:.2f}", f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]", f"{row.p:.2g}"]
            cells.append("yes" if row.not_worse else "not shown")
        table.add_row(*cells)
    console().print(table)
