"""Which factors does an elite's stage rest on? A belief for each factor, updated by what happened to its children.

A child with several factors changed keeps its parent's stage, or falls. Keeping it clears all that were changed at once;
falling puts the blame on those that are not cleared yet. That is group testing with noisy answers: a few dozen children
tell the half-dozen facts that matter from the rest, and from then on the rest can be drawn afresh all together, which is
the fastest way to meet the facts that are still missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from random import Random

__all__ = ["Relevance"]

PRIOR = 0.2  # a scenario's stage rests on about a fifth of its factors
LUCK = 0.12  # chance that the stage is seen to hold although something that it rests on is gone
LOSS = 0.12  # chance that it is seen to fall although nothing that it rests on is gone
RISK = 0.5  # a child should keep its parent's stage about half of the time: there it tells most
LEAST, MOST = 0.002, 0.98


class Relevance:
    """factor -> probability that the stage rests on it, taken as independent."""

    def __init__(self, matters: dict[str, float] | None = None) -> None:
        self.matters = dict(matters or {})

    def of(self, factor: str) -> float:
        return self.matters.get(factor, PRIOR)

    def inherit(self, touched: Iterable[str]) -> Relevance:
        """The belief for a child that got further: what it changed may be what it now rests on."""
        return Relevance({**self.matters, **{f: max(PRIOR, self.of(f)) for f in touched}})

    def learn(self, touched: Collection[str], kept: bool) -> None:
        """Bayes' rule, one factor at a time, the others at their present values."""
        harmless = 1.0
        for factor in touched:
            harmless *= 1 - self.of(factor)
        after = {}
        for factor in touched:
            q = self.of(factor)
            others = harmless / (1 - q)  # chance that none of the others matters
            keeps = others * (1 - LOSS) + (1 - others) * LUCK
            if_matters, if_not = (LUCK, keeps) if kept else (1 - LUCK, 1 - keeps)
            posterior = q * if_matters / (q * if_matters + (1 - q) * if_not)
            after[factor] = min(MOST, max(LEAST, posterior))
        self.matters.update(after)

    def choose(self, factors: Iterable[str], rng: Random) -> set[str]:
        """Factors to change: as many as leave the stage with probability RISK, the least likely to matter first."""
        order = sorted(factors, key=lambda f: self.of(f) * (0.25 + rng.random()))
        chosen: set[str] = set()
        harmless = 1.0
        for factor in order:
            harmless *= 1 - self.of(factor)
            if chosen and harmless < RISK:
                break
            chosen.add(factor)
        return chosen
