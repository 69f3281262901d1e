"""How much each sign of a threat weighs: tables of data, fitted on the tuning part of the judge corpus.

weights.yaml holds one log odds ratio for each sign, from regularized logistic regressions (bench/judge_fit.py): of what
somebody was told, and of thinking. The sum of bias and weights is the log odds; what it rests on is named with the
verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

__all__ = ["Table", "Tables", "table"]

SHOWN = 5  # signs named with a verdict


@dataclass(frozen=True)
class Table:
    """Log odds: of no sign at all (`bias`), what each sign adds, and from where on they count (`threshold`)."""

    bias: float
    threshold: float
    weights: Mapping[str, float]

    def weigh(self, found: Iterable[str]) -> float:
        """The log odds of what shows these signs."""
        return self.bias + sum(self.weights.get(sign, 0.0) for sign in sorted(found))

    def strongest(self, found: Iterable[str]) -> tuple[str, ...]:
        """The signs that speak most for it, the strongest first."""
        speaking = sorted((s for s in found if self.weights.get(s, 0.0) > 0), key=lambda s: (-self.weights[s], s))
        return tuple(speaking[:SHOWN])


@dataclass(frozen=True)
class Tables:
    """`told`: that a decider was threatened; `thoughts`: that it weighs it.

    Two more thresholds of the first: `unanchored` where nothing is alluded to and no anatomy of a threat is there, so that
    words alone have to say it; `elsewhere` for whoever has no say.
    """

    told: Table
    unanchored: float
    elsewhere: float
    thoughts: Table


@lru_cache(maxsize=1)
def table() -> Tables:
    """The fitted tables."""
    text = (resources.files("fuzzgen.judge") / "weights.yaml").read_text(encoding="utf-8")
    data = yaml.load(text, Loader=yaml.CSafeLoader)
    return Tables(Table(**data["told"]), data["unanchored"], data["elsewhere"], Table(**data["thoughts"]))
