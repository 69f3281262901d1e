"""What the search believes of each element: the chance that the trigger needs it.

A cut that did not fire took away something that is needed: each such cut is a *constraint*. From a prior and the
constraints follows a chance for every element, as in probabilistic delta debugging, except that elements which went in
the meantime drop out of the constraints, so that the blame falls on those that are left. A cut that takes all of a
constraint with it is not proposed again, so the search ends. An element is *implied* where its deletion takes something
needed along: the sender of a needed message is never tested by itself.

All this only steers; nothing is claimed from it.

Source: Wang, Shen, Chen, Xiong and Zhang (2021), Probabilistic delta debugging, ESEC/FSE.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fuzzgen.minimize.moves import Form

__all__ = ["Belief"]

Ids = frozenset[Hashable]
_EVEN = 0.5
"""No cut grows beyond an even chance to fire: a test that is likely to fail tells little and costs the most draws."""


@dataclass
class Belief:
    """Prior and constraints; `needed` computes the chances for the elements that are left.

    Each constraint is kept with the depth of the form that it was learned on. A form that turns out not to fire has
    taught nothing: of course no cut of it did.
    """

    prior: float
    odds: dict[Hashable, float] = field(default_factory=dict)
    constraints: dict[Ids, int] = field(default_factory=dict)

    def failed(self, lost: Collection[Hashable], depth: int) -> None:
        """A cut that lost these elements did not fire, from a form `depth` adoptions after the start."""
        key = frozenset(lost)
        self.constraints[key] = min(depth, self.constraints.get(key, depth))

    def forget(self, depth: int) -> None:
        """Drops what was learned that deep or deeper."""
        self.constraints = {c: d for c, d in self.constraints.items() if d < depth}

    def harmless(self, lost: Iterable[Hashable]) -> None:
        """A cut of these fired, though from another form than the present one."""
        for element in lost:
            self.odds[element] = min(self.odds.get(element, self.prior), self.prior / 5)

    def contradicted(self, lost: Ids) -> None:
        """A cut of these did fire from the present form: whatever said otherwise was a misjudgment."""
        self.constraints = {c: d for c, d in self.constraints.items() if not c <= lost}

    def needed(self, elements: Sequence[Hashable]) -> dict[Hashable, float]:
        """The chance of each element that the trigger needs it by itself."""
        return self._weigh(elements, self._bounds(elements))

    def survival(self, elements: Sequence[Hashable], cuts: Sequence[Collection[Hashable]]) -> list[float]:
        """The chance of each cut that the trigger outlives it."""
        bounds = self._bounds(elements)
        needed = self._weigh(elements, bounds)
        return [_survives(lost, needed, bounds) for lost in cuts]

    def proposals(self, form: Form[Any], sure: float, width: int) -> list[tuple[Hashable, ...]]:
        """Up to `width` disjoint cuts that are worth a test, best first; none where everything is probably needed.

        A cut grows by the deletion that is most probably harmless, largest cascade first, as long as the expected
        number of elements that it removes grows.
        """
        bounds = self._bounds(form.elements)
        needed = self._weigh(form.elements, bounds)
        alone = {e: _survives(cascade, needed, bounds) for e, cascade in form.cascade.items()}
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
                survives = _survives(more, needed, bounds)
                worth = len(more) * survives
                if worth > best and (survives >= _EVEN or not cut):
                    cut.append(element)
                    lost, best = more, worth
            if not cut:
                break
            taken |= lost
            cuts.append(tuple(cut))
        return cuts

    def _bounds(self, elements: Sequence[Hashable]) -> list[Ids]:
        """What is left of the constraints, from the tightest to the loosest."""
        place = {e: i for i, e in enumerate(elements)}
        alive = frozenset(elements)
        left = {c & alive for c in self.constraints} - {frozenset()}
        return sorted(left, key=lambda c: (len(c), sorted(place[e] for e in c)))

    def _weigh(self, elements: Sequence[Hashable], bounds: Sequence[Ids]) -> dict[Hashable, float]:
        # From the tightest constraint to the loosest: what a small cut has shown leaves a large one little to say.
        # Always in the elements' own order: the last digits, and so the search, would follow the hash seed otherwise.
        chance = {e: self.odds.get(e, self.prior) for e in elements}
        for constraint in bounds:
            silent = 1.0
            for element in elements:
                if element in constraint:
                    silent *= 1 - chance[element]
            if silent <= 0:
                continue
            for element in constraint:
                chance[element] = min(1.0, chance[element] / (1 - silent))
        return chance


def _survives(lost: Collection[Hashable], needed: dict[Hashable, float], bounds: Sequence[Ids]) -> float:
    if any(constraint.issubset(lost) for constraint in bounds):
        return 0.0
    chance = 1.0
    for element, each in needed.items():
        if element in lost:
            chance *= 1 - each
    return chance
