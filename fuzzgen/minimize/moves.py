"""The moves that a form has left: deletions of single elements with their cascades, then simplifications."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic

from fuzzgen.minimize.interface import C, Move, Simplifiable

__all__ = ["Form", "form_of", "simplifications"]


@dataclass(frozen=True)
class Form(Generic[C]):
    """A candidate with its moves.

    deletions  one for each element whose removal leaves something valid and different
    cascade    for each of those elements, all that goes with it, itself included
    """

    candidate: C
    elements: tuple[Hashable, ...]
    deletions: tuple[Move[C], ...]
    cascade: dict[Hashable, frozenset[Hashable]]

    def cut(self, ids: Iterable[Hashable]) -> Form[C] | None:
        """The form without these elements; None where nothing valid is left."""
        smaller = self.candidate.without(tuple(ids))
        return None if smaller is None else form_of(smaller)

    def lost(self, smaller: Any) -> frozenset[Hashable]:
        """The elements that are here and not in the smaller candidate."""
        return frozenset(self.elements) - frozenset(smaller.elements())


def form_of(candidate: C) -> Form[C]:
    """Finds the moves of a candidate."""
    elements = tuple(candidate.elements())
    moves: list[Move[C]] = []
    for element in elements:
        smaller = candidate.without((element,))
        if smaller is None or smaller == candidate:
            continue
        left = frozenset(smaller.elements())
        moves.append(Move(str(element), element, smaller, tuple(e for e in elements if e not in left)))
    cascade = {move.element: frozenset(move.removed) for move in moves}
    return Form(candidate, elements, tuple(moves), cascade)


def simplifications(candidate: C) -> tuple[Move[C], ...]:
    """The declared simplifications that change something; none where the candidate declares none."""
    if not isinstance(candidate, Simplifiable):
        return ()
    return tuple(Move(name, None, simpler, ()) for name, simpler in candidate.simplifications() if simpler != candidate)
