"""How much each sign of a threat weighs: a table of data, fitted on the tuning part of the judge corpus.

weights.yaml holds one log odds ratio for each sign, from a regularized logistic regression (bench/judge_fit.py). The
sum of bias and weights is the log odds that somebody was threatened; what it rests on is named with the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

__all__ = ["Table", "strongest", "table", "weigh"]

SHOWN = 5  # signs named with a verdict


@dataclass(frozen=True)
class Table:
    """Log odds: of no sign at all, from which on it counts as a threat (to somebody without a say: `elsewhere`)."""

    bias: float
    threshold: float
    elsewhere: float
    weights: Mapping[str, float]


@lru_cache(maxsize=1)
def table() -> Table:
    """The fitted table."""
    text = (resources.files("fuzzgen.judge") / "weights.yaml").read_text(encoding="utf-8")
    data = yaml.load(text, Loader=yaml.CSafeLoader)
    return Table(data["bias"], data["threshold"], data["elsewhere"], data["weights"])


def weigh(found: frozenset[str]) -> float:
    """The log odds that what shows these signs is a threat."""
    known = table()
    return known.bias + sum(known.weights.get(sign, 0.0) for sign in sorted(found))


def strongest(found: frozenset[str]) -> tuple[str, ...]:
    """The signs that speak most for a threat, the strongest first."""
    weights = table().weights
    speaking = sorted((s for s in found if weights.get(s, 0.0) > 0), key=lambda s: (-weights[s], s))
    return tuple(speaking[:SHOWN])
