"""What the search believes of each element: the chance that the trigger needs it.

A cut that did not fire took away something that is needed: each such cut is a *constraint*. From a prior and the
constraints follows a chance for every element, as in probabilistic delta debugging, except that elements which went in
the meantime drop out of the constraints, so that the blame falls on those that are left. An element is *implied* where
its deletion takes something needed along: the sender of a needed message is never tested by itself.

All this only steers; nothing is claimed from it.

Source: Wang, Shen, Chen, Xiong and Zhang (2021), Probabilistic delta debugging, ESEC/FSE.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fuzzgen.minimize.moves import Form

__all__ = ["Belief"]

Ids = frozenset[Hashable]


@dataclass
class Belief:
    """Prior and constraints; `needed` computes the chances for the elements that are left."""

    prior: float
    odds: dict[Hashable, float] = field(default_factory=dict)
    constraints: list[Ids] = field(default_factory=list)

    def failed(self, lost: Collection[Hashable]) -> None:
        """A cut that lost these elements did not fire."""
        self.constraints.append(frozenset(lost))

    def harmless(self, lost: Iterable[Hashable]) -> None:
        """A cut of these fired, though from another form than the present one."""
        for element in lost:
            self.odds[element] = min(self.odds.get(element, self.prior), self.prior / 5)

    def contradicted(self, lost: Ids) -> None:
        """A cut of these did fire from the present form: whatever said otherwise was a misjudgment."""
        self.constraints = [c for c in self.constraints if not c <= lost]

    def needed(self, elements: Collection[Hashable]) -> dict[Hashable, float]:
        """The chance of each element that the trigger needs it by itself."""
        alive = frozenset(elements)
        chance = {e: self.odds.get(e, self.prior) for e in alive}
        # From the tightest constraint to the loosest: what a small cut has shown leaves a large one little to say.
        for constraint in sorted({c & alive for c in self.constraints} - {frozenset()}, key=_by_size):
            silent = 1.0
            for element in constraint:
                silent *= 1 - chance[element]
            if silent <= 0:
                continue
            for element in constraint:
                chance[element] = min(1.0, chance[element] / (1 - silent))
        return chance

    def proposals(self, form: Form[Any], sure: float, width: int) -> list[tuple[Hashable, ...]]:
        """Up to `width` disjoint cuts that are worth a test, best first; none where everything is probably needed.

        A cut grows by the deletion that is most probably harmless, largest cascade first, as long as the expected
        number of elements that it removes grows.
        """
        needed = self.needed(form.elements)
        alone = {e: _survives(cascade, needed) for e, cascade in form.cascade.items()}
        place = {e: i for i, e in enumerate(form.elements)}
        pool = sorted(
            (e for e in alone if alone[e] > 1 - sure), key=lambda e: (-alone[e], -len(form.cascade[e]), place[e])
        )
        most = max(1, -(-len(pool) // width))
        cuts: list[tuple[Hashable, ...]] = []
        taken: set[Hashable] = set()
        while len(cuts) < width:
            cut, lost, best = list[Hashable](), frozenset[Hashable](), 0.0
            for element in pool:
                if element in taken or (len(cut) >= most and width > 1):
                    continue
                more = lost | form.cascade[element]
                worth = len(more) * _survives(more, needed)
                if worth > best:
                    cut.append(element)
                    lost, best = more, worth
            if not cut:
                break
            taken |= lost
            cuts.append(tuple(cut))
        return cuts


def _by_size(constraint: Ids) -> tuple[int, list[str]]:
    return len(constraint), sorted(map(repr, constraint))


def _survives(lost: Collection[Hashable], needed: dict[Hashable, float]) -> float:
    """The chance that the trigger outlives the loss of these."""
    chance = 1.0
    for element in lost:
        chance *= 1 - needed[element]
    return chance
