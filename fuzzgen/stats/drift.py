"""Whether a rate moved while it was being drawn: a provider may change a model under one's feet."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

__all__ = ["drift_p_value"]


def drift_p_value(outcomes: Sequence[bool], parts: int = 4) -> float:
    """The chance of so uneven a sequence (in launch order) if its rate stayed the same.

    Fisher's exact test, two-sided, of what lies before against what lies after each of `parts - 1` even cuts; the
    smallest, times their number. 1.0 where there are too few draws to cut.
    """
    n, hits = len(outcomes), sum(outcomes)
    smallest = 1.0
    for part in range(1, parts):
        cut = n * part // parts
        if 0 < cut < n:
            smallest = min(smallest, _fisher(sum(outcomes[:cut]), cut, hits, n))
    return min(1.0, smallest * (parts - 1))


def _fisher(early: int, cut: int, hits: int, n: int) -> float:
    """Two-sided: all tables with the same margins that are no more probable than this one."""
    ways = [comb(cut, h) * comb(n - cut, hits - h) for h in range(max(0, hits - (n - cut)), min(cut, hits) + 1)]
    seen = comb(cut, early) * comb(n - cut, hits - early)
    return sum(w for w in ways if w <= seen) / comb(n, hits)
