"""What the trials of the search benchmark say: quartiles, area, A12, paired differences, and the discovery curves.

Differences are paired by agent and seed. Their p-values are corrected for all comparisons in the table (Holm).
*Not worse* is a bound: the one-sided 95 % lower bound of the mean difference lies above minus the margin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fuzzgen.bench.search import PROBLEMS, Trial

__all__ = ["BASELINE", "MARGIN", "Row", "compare", "discovery_curve", "draw_curves", "holm"]

BASELINE = "random"
MARGIN = 0.05  # of the planted triggers
POINTS = 50


@dataclass(frozen=True)
class Row:
    """One strategy on one problem. Counts are triggers found; `area` is the mean height of the discovery curve, 0 to 1.

    `difference`, `low`, `high` (95 %), `lower_bound` (one-sided 95 %), `a12` and `p` compare with the baseline.
    """

    problem: str
    strategy: str
    trials: int
    planted: int
    mean: float
    quartiles: tuple[float, float, float]
    area: float
    false: int
    a12: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    lower_bound: float | None = None
    p: float | None = None

    @property
    def not_worse(self) -> bool | None:
        """Whether it is shown not to be worse than the baseline; None where nothing was compared."""
        return None if self.lower_bound is None else self.lower_bound > -MARGIN * self.planted


def compare(trials: Iterable[Trial], budget: int) -> list[Row]:
    """A row for each problem and strategy, p-values corrected over all rows."""
    cells: dict[tuple[str, str], dict[int, Trial]] = {}
    for trial in trials:
        cells.setdefault((trial.problem, trial.strategy), {})[trial.number] = trial
    rows = [_row(key, cell, cells.get((key[0], BASELINE)), budget) for key, cell in cells.items()]
    tested = [i for i, row in enumerate(rows) if row.p is not None]
    corrected = holm([rows[i].p or 0.0 for i in tested])
    for i, p in zip(tested, corrected, strict=True):
        rows[i] = Row(**{**rows[i].__dict__, "p": p})
    return rows


def _row(key: tuple[str, str], cell: dict[int, Trial], baseline: dict[int, Trial] | None, budget: int) -> Row:
    planted = PROBLEMS[key[0]].planted
    counts = _counts(cell)
    quartiles = np.percentile(counts, (25, 50, 75))
    areas = [sum(budget - t for t in trial.course.found_at) / budget for trial in cell.values()]
    row = Row(
        *key,
        trials=len(cell),
        planted=planted,
        mean=float(counts.mean()),
        quartiles=(float(quartiles[0]), float(quartiles[1]), float(quartiles[2])),
        area=float(np.mean(areas)) / planted if planted else 0.0,
        false=sum(t.course.false for t in cell.values()),
    )
    both = sorted(set(cell) & set(baseline or {}))
    if key[1] == BASELINE or not baseline or not planted or len(both) < 2:
        return row
    return _compared(row, counts, _counts({i: cell[i] for i in both}), _counts({i: baseline[i] for i in both}))


def _compared(row: Row, counts: NDArray[np.float64], mine: NDArray[np.float64], base: NDArray[np.float64]) -> Row:
    from scipy import stats

    delta = mine - base
    if np.ptp(delta) == 0:
        p, low, high, bound = 1.0 if delta[0] == 0 else 0.0, delta[0], delta[0], delta[0]
    else:
        test = stats.ttest_rel(mine, base)
        p, (low, high) = test.pvalue, test.confidence_interval(0.95)
        bound = test.confidence_interval(0.90).low
    u = stats.mannwhitneyu(counts, base).statistic
    compared = {
        "a12": float(u) / (len(counts) * len(base)),
        "difference": float(delta.mean()),
        "low": float(low),
        "high": float(high),
        "lower_bound": float(bound),
        "p": float(p),
    }
    return Row(**{**row.__dict__, **compared})


def _counts(cell: dict[int, Trial]) -> NDArray[np.float64]:
    return np.array([len(cell[i].course.found_at) for i in sorted(cell)], dtype=float)


def holm(values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given (Holm 1979)."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    out = [0.0] * len(values)
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(values) - rank) * values[i]))
        out[i] = largest
    return out


def discovery_curve(trials: Sequence[Trial], budget: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Episodes, and at each of them the quartiles and the mean (rows) of the triggers found so far."""
    grid = np.linspace(0, budget, POINTS + 1)
    found = np.array([[sum(t <= x for t in trial.course.found_at) for x in grid] for trial in trials], dtype=float)
    return grid, np.vstack([np.percentile(found, (25, 50, 75), axis=0), found.mean(axis=0)])


def draw_curves(trials: Sequence[Trial], budget: int, path: Path) -> None:
    """One panel a problem: mean discovery curves with the middle half of the trials as a band. Needs the extra `bench`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    problems = [p for p in dict.fromkeys(t.problem for t in trials) if PROBLEMS[p].planted]
    columns = min(3, max(1, len(problems)))
    lines = -(-max(1, len(problems)) // columns)
    with mpl.rc_context({"svg.hashsalt": "fuzzgen", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(3.2 * columns, 2.5 * lines), layout="constrained")
        for place, problem in enumerate(problems, 1):
            axes = figure.add_subplot(lines, columns, place)
            for strategy in dict.fromkeys(t.strategy for t in trials):
                mine = [t for t in trials if (t.problem, t.strategy) == (problem, strategy)]
                grid, (low, _, high, mean) = discovery_curve(mine, budget)
                (line,) = axes.plot(grid, mean, label=strategy, linewidth=1.2)
                axes.fill_between(grid, low, high, color=line.get_color(), alpha=0.12, linewidth=0)
            axes.set_title(problem)
            axes.set_xlabel("episodes, confirmation and shrinking included")
            axes.set_ylabel(f"triggers found of {PROBLEMS[problem].planted}")
            axes.set_ylim(bottom=0)
            if place == 1:
                axes.legend(frameon=False)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
