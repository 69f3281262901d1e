"""`fuzzgen bench minimize`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fuzzgen.cli.bench_progress import paced, require_plots
from fuzzgen.cli.options import Number
from fuzzgen.cli.output import json_option, percent, print_json
from fuzzgen.errors import UsageError

if TYPE_CHECKING:
    from fuzzgen.bench.minimize import Run, Summary, Task

__all__ = ["minimize_command"]

_PROBLEMS = ("planted", "weak", "rare", "noisy", "graded", "booster", "boundary")
_REDUCERS = ("fuzzgen", "ddmin", "probdd", "hypothesis", "k-of-n")


def _numbers(context: click.Context, option: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        numbers = tuple(sorted({int(part) for part in value.split(",")}))
    except ValueError:
        numbers = ()
    if not numbers or numbers[0] < 1:
        raise UsageError(f"--concurrency is {value!r}", fix="give numbers from 1, such as 1,64")
    return numbers


@click.command(
    name="minimize",
    epilog="""\b
Examples:
  fuzzgen bench minimize
  fuzzgen bench minimize --problem planted --runs 100 --reducer fuzzgen
  fuzzgen bench minimize --missing 0.05 --json > minimize.json
  fuzzgen bench minimize --plot minimize.svg""",
)
@click.option("--runs", type=click.IntRange(1), default=20, show_default=True, help="Seeds for each line of the table.")
@click.option(
    "--problem", "problems", type=click.Choice(_PROBLEMS), multiple=True, help="Only this landscape; may be repeated."
)
@click.option(
    "--reducer", "reducers", type=click.Choice(_REDUCERS), multiple=True, help="Only this reducer; may be repeated."
)
@click.option(
    "--concurrency",
    "concurrencies",
    callback=_numbers,
    default="1,64",
    show_default=True,
    metavar="N,N",
    help="Draws in flight. Rivals that can only take one step after another run at the smallest.",
)
@click.option("--hits-take", type=Number(0.1), default=2.0, show_default=True, help="Rounds of a hit.")
@click.option("--missing", type=Number(0, 0.9), default=0.0, show_default=True, help="Share of lost draws.")
@click.option(
    "--delta",
    type=Number(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Chance that a certificate is wrong.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The first seed.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw episodes into FILE (svg, png, pdf)."
)
@json_option
def minimize_command(
    runs: int,
    problems: tuple[str, ...],
    reducers: tuple[str, ...],
    concurrencies: tuple[int, ...],
    hits_take: float,
    missing: float,
    delta: float,
    seed: int,
    workers: int,
    plot: Path | None,
    as_json: bool,
) -> int:
    """Reducers on planted problems: episodes, rounds, trigger kept, 1-minimal, certified, wrongly certified."""
    from fuzzgen.bench.minimize import summarize, tasks

    if plot is not None:
        require_plots()
    todo = tasks(
        problems or _PROBLEMS,
        runs,
        concurrencies,
        seed=seed,
        hits_take=hits_take,
        missing=missing,
        delta=delta,
        reducers=reducers or _REDUCERS,
    )
    done = list(paced(_results(todo, workers), len(todo), "reductions"))
    summaries = summarize(done)
    if plot is not None:
        from fuzzgen.bench.minimize_plot import plot_episodes

        plot_episodes(summaries, plot)
    if as_json:
        settings = {"hits_take": hits_take, "missing": missing, "delta": delta, "seed": seed}
        print_json({"settings": settings, "summary": [s.as_dict() for s in summaries]})
        return 0
    click.echo(
        f"A hit takes {hits_take:g} rounds, a miss 1; {percent(missing)} of the draws are lost; delta {delta:g}."
    )
    for line in _table(summaries):
        click.echo(line)
    return 0


def _results(todo: Sequence[Task], workers: int) -> Iterator[Run]:
    """In the order of the tasks, whatever the number of processes."""
    from fuzzgen.bench.minimize import one_run

    if workers == 1:
        yield from map(one_run, todo)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(one_run, todo, chunksize=max(1, min(8, len(todo) // (4 * workers))))


def _table(summaries: Sequence[Summary]) -> Iterator[str]:
    heads = (
        *("problem", "reducer", "in flight", "episodes", "quartiles"),
        *("rounds", "kept", "1-minimal", "certified", "wrong"),
    )
    cells: list[Callable[[Summary], str]] = [
        lambda s: s.problem,
        lambda s: s.reducer,
        lambda s: str(s.concurrency),
        lambda s: f"{s.episodes:.0f}",
        lambda s: f"{s.episodes_low:.0f}-{s.episodes_high:.0f}",
        lambda s: f"{s.rounds:.0f}",
        lambda s: percent(s.kept),
        lambda s: percent(s.minimal),
        lambda s: "claims none" if s.certified is None else f"{s.certified} of {s.runs}",
        lambda s: "-" if s.wrong is None else f"{s.wrong} of {s.runs}",
    ]
    rows = [heads, *(tuple(cell(s) for cell in cells) for s in summaries)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
