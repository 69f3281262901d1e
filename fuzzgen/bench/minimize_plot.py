"""The benchmark of reducers as a picture: episodes, and how often the trigger was kept. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fuzzgen.bench.minimize import Summary

__all__ = ["plot_episodes"]


def plot_episodes(summaries: Sequence[Summary], path: Path) -> None:
    """One panel for each problem; a bar is the median, its line the quartiles, its label the share of triggers kept."""
    from matplotlib.figure import Figure

    problems = list(dict.fromkeys(s.problem for s in summaries))
    figure = Figure(figsize=(9, 1.2 + 2.1 * len(problems)), layout="constrained")
    for place, problem in enumerate(problems, 1):
        rows = [s for s in summaries if s.problem == problem]
        axes = figure.add_subplot(len(problems), 1, place)
        names = [f"{s.reducer}, {s.concurrency} in flight" for s in rows]
        below = [s.episodes - s.episodes_low for s in rows]
        above = [s.episodes_high - s.episodes for s in rows]
        colors = ["tab:blue" if s.reducer == "fuzzgen" else "tab:gray" for s in rows]
        bars = axes.barh(names, [s.episodes for s in rows], xerr=[below, above], color=colors, height=0.7)
        axes.bar_label(bars, [f" kept {s.kept:.0%}" for s in rows], padding=3, fontsize=8)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_title(problem, loc="left", fontsize=10)
    figure.supxlabel("episodes, median and quartiles")
    figure.savefig(path)
