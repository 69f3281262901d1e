"""Which factor levels, and which pairs of them, move the rate of an event: log odds ratios from the random stream.

The grammar draws levels evenly and independently of each other, given that the factor exists. Episodes of the random
stream are therefore a randomized experiment: the odds with a level against the odds with its other levels are an
unconfounded effect, averaged over everything else. Each comparison is a saturated logistic model under Jeffreys' prior
(Firth's correction, which here is half an episode added to each cell, Firth 1993), so that rare events and empty cells
give finite estimates and intervals that still cover.

A pair's effect is that of both levels together against either one alone, the smaller of the two; its interval covers
that minimum. Of the many pairs only those are kept whose interval excludes 0 after correction for all pairs looked at,
and their intervals carry the same correction, so being picked out does not bias them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fuzzgen.scenario.model import ABSENT

__all__ = ["Effect", "factor_effects"]

BOTH = " × "
ALPHA = 0.05
LEAST = 20  # episodes with a level; of a pair, with both levels and with each alone
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """A log odds ratio with its 95 % interval; `episodes` are those in which the factor exists and the outcome is known.

    For a pair `factor` and `level` name both, joined by " × ".
    """

    factor: str
    level: str
    effect: float
    low: float
    high: float
    episodes: int


@dataclass(frozen=True)
class _Column:
    """A factor over all episodes: its levels, and each episode's level by number, -1 where the factor does not exist."""

    name: str
    levels: tuple[str, ...]
    codes: Counts


def factor_effects(
    factors: Mapping[str, Sequence[str]], hits: Sequence[bool | None], *, pairs: bool = True
) -> list[Effect]:
    """Effects on one event of one model: `factors` gives each episode's levels, `hits` whether the event happened.

    Episodes whose outcome is None are left out. Nothing is said where no episode hit, or all did.
    """
    known = [i for i, hit in enumerate(hits) if hit is not None]
    fired = np.array([hits[i] for i in known], dtype=np.int64)
    if not len(fired) or fired.min() == fired.max():
        return []
    columns = [_column(name, [levels[i] for i in known]) for name, levels in factors.items()]
    columns = [c for c in columns if len(c.levels) > 1]
    out = [effect for column in columns for effect in _of_column(column, fired)]
    return out + (_of_pairs(columns, fired) if pairs else [])


def _column(name: str, levels: list[str]) -> _Column:
    """Attributes and roles exist only beside others, which "absent" says; for a slot "absent" is a level like any.
    The empty level stands for a grammar that has no such factor."""
    names = tuple(sorted(set(levels) - ({"", ABSENT} if "." in name else {""})))
    place = {level: i for i, level in enumerate(names)}
    return _Column(name, names, np.array([place.get(level, -1) for level in levels], dtype=np.int64))


def _of_column(column: _Column, fired: Counts) -> list[Effect]:
    here = column.codes >= 0
    trials = np.bincount(column.codes[here], minlength=len(column.levels))
    hits = np.bincount(column.codes[here & (fired == 1)], minlength=len(column.levels))
    estimate, error = _log_odds_ratio(hits, trials, hits.sum() - hits, trials.sum() - trials)
    wide = NormalDist().inv_cdf(1 - ALPHA / 2) * error
    return [
        Effect(column.name, level, float(estimate[i]), float(estimate[i] - wide[i]), float(estimate[i] + wide[i]), n)
        for n in [int(trials.sum())]
        for i, level in enumerate(column.levels)
        if trials[i] >= LEAST
    ]


def _log_odds_ratio(hits: Counts, trials: Counts, hits0: Counts, trials0: Counts) -> list[Floats]:
    """The estimate and its standard error."""
    cells = [hits + 0.5, trials - hits + 0.5, hits0 + 0.5, trials0 - hits0 + 0.5]
    estimate = np.log(cells[0]) - np.log(cells[1]) - np.log(cells[2]) + np.log(cells[3])
    return [estimate, np.sqrt(sum(1 / cell for cell in cells))]


def _of_pairs(columns: list[_Column], fired: Counts) -> list[Effect]:
    """Pairs whose interval, corrected for all that were looked at, lies above 0.

    The minimum of two effects lies above the smaller of their upper ends when either end fails, and below the smaller of
    their lower ends only when its own fails: three tails in all, each of ALPHA / (3 x pairs).
    """
    looked_at = [found for a, b in combinations(columns, 2) for found in _of_two(a, b, fired)]
    if not looked_at:
        return []
    z = NormalDist().inv_cdf(1 - ALPHA / (3 * len(looked_at)))
    out = []
    for factor, level, estimates, errors, episodes in looked_at:
        low, high = float(np.min(estimates - z * errors)), float(np.min(estimates + z * errors))
        if low > 0:
            out.append(Effect(factor, level, float(np.min(estimates)), low, high, episodes))
    return out


def _of_two(a: _Column, b: _Column, fired: Counts) -> list[tuple[str, str, Floats, Floats, int]]:
    """For each two levels: names, both log odds ratios (against a's level alone, against b's alone), errors, episodes."""
    here = (a.codes >= 0) & (b.codes >= 0)
    shape = (len(a.levels), len(b.levels))
    cells = a.codes[here] * shape[1] + b.codes[here]
    trials = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    hits = np.bincount(cells[fired[here] == 1], minlength=shape[0] * shape[1]).reshape(shape)
    alone = [(hits.sum(axis=k, keepdims=True) - hits, trials.sum(axis=k, keepdims=True) - trials) for k in (1, 0)]
    enough = (trials >= LEAST) & (alone[0][1] >= LEAST) & (alone[1][1] >= LEAST)
    parts = [_log_odds_ratio(hits, trials, *other) for other in alone]
    return [
        (
            f"{a.name}{BOTH}{b.name}",
            f"{a.levels[i]}{BOTH}{b.levels[j]}",
            np.array([estimate[i, j] for estimate, _ in parts]),
            np.array([error[i, j] for _, error in parts]),
            int(here.sum()),
        )
        for i, j in np.argwhere(enough)
        if _separate(a, b)
    ]


def _separate(a: _Column, b: _Column) -> bool:
    """Whether neither factor is part of the other's slot: with a level of the one comes the existence of the other."""
    return a.name.partition(".")[0] != b.name.partition(".")[0] or ("." in a.name and "." in b.name)
