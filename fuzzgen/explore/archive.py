"""The archive: in each cell the scenario that came furthest up the ladder, seen more than once.

A cell is a behavior and the kinds of what it is done with: the threat, and the slots that the behavior's harms need (the
secret for blackmail, the material for leaks ...). Newcomers wait as *challengers* until they have been drawn again; the
lower middle of their stages counts, so one lucky sample never makes an elite, and one unlucky sample rarely breaks one.

pyribs keeps one solution per cell by a single, exact objective over numeric vectors, and has neither re-evaluation nor
decay; its schedulers pair every ask with one tell of the same batch. None of that fits noisy outcomes that come late.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from fuzzgen.explore.defuse import near
from fuzzgen.explore.known import Known
from fuzzgen.explore.relevance import Relevance
from fuzzgen.explore.space import Draft
from fuzzgen.grammar import Grammar
from fuzzgen.scenario.model import ABSENT

__all__ = ["Archive", "Cell", "Elite"]

Cell = tuple[str, ...]
DRAWS = 2  # seen as often before it may be a parent
PATIENCE = 60  # children without progress after which an elite is stale


@dataclass(eq=False)
class Elite:
    """A draft in its cell. `seen` are its stages; `barren` counts children since the last progress."""

    number: int
    cell: Cell
    draft: Draft
    behavior: str
    relevance: Relevance
    seen: list[int] = field(default_factory=list)
    parent: Elite | None = None
    asked: int = 1
    barren: int = 0
    spent: bool = False

    @property
    def stage(self) -> int:
        """The lower middle of the stages seen."""
        return sorted(self.seen)[(len(self.seen) - 1) // 2]

    @property
    def stale(self) -> bool:
        return self.spent or self.barren >= PATIENCE


class Archive:
    """Elites by cell, and challengers that wait for their second draw."""

    def __init__(self) -> None:
        self.elites: dict[Cell, Elite] = {}
        self.challengers: dict[int, Elite] = {}
        self.version = 0  # rises when elites come or go
        self._number = 0

    def consider(
        self, draft: Draft, behavior: str, stage: int, parent: Elite | None = None, relevance: Relevance | None = None
    ) -> Elite | None:
        """A draft reached a stage: a challenger where that is more than its cell has, else None."""
        cell = cell_of(draft, behavior)
        holder = self.elites.get(cell)
        if holder is not None and (stage < holder.stage or (stage == holder.stage and not holder.stale)):
            return None
        if any(c.cell == cell and c.seen[0] >= stage for c in self.challengers.values()):
            return None
        self._number += 1
        challenger = Elite(self._number, cell, draft, behavior, relevance or Relevance(), [stage], parent)
        self.challengers[challenger.number] = challenger
        return challenger

    def seen_again(self, number: int, stage: int) -> tuple[int, bool]:
        """A challenger was drawn again: (by how many stages its cell rose, whether the cell is new)."""
        challenger = self.challengers.get(number)
        if challenger is None:
            return 0, False
        challenger.seen.append(stage)
        if len(challenger.seen) < DRAWS:
            return 0, False
        del self.challengers[number]
        holder = self.elites.get(challenger.cell)
        before = holder.stage if holder else 0
        if challenger.stage < 1 or (holder and (challenger.stage, holder.stale) < (before, True)):
            return 0, False
        self.elites[challenger.cell] = challenger
        self.version += 1
        if challenger.parent is not None and challenger.stage > challenger.parent.stage:
            challenger.parent.spent = True  # its children go on from where this one stands
        return challenger.stage - before, holder is None

    def waiting(self) -> Elite | None:
        """The challenger that is to be drawn again next: the one that came furthest."""
        ready = [c for c in self.challengers.values() if c.asked < DRAWS]
        return max(ready, key=lambda c: (c.seen[0], -c.number), default=None)

    def forget(self, known: Known) -> list[Elite]:
        """Takes out what leads to a trigger that is known now; returns it."""
        gone = [e for e in self if e.behavior == known.behavior and near(known, e.draft.factors)]
        for elite in gone:
            elite.spent = True
            if self.elites.get(elite.cell) is elite:
                del self.elites[elite.cell]
                self.version += 1
            self.challengers.pop(elite.number, None)
        return gone

    def __iter__(self) -> Iterator[Elite]:
        yield from self.elites.values()
        yield from self.challengers.values()


def cell_of(draft: Draft, behavior: str) -> Cell:
    """The cell that a draft stands in for a behavior."""
    grammar = draft.grammar
    return (grammar.name, behavior, *(draft.factors.get(s, ABSENT) for s in _axes(grammar, behavior)))


@lru_cache(maxsize=256)
def _axes(grammar: Grammar, behavior: str) -> tuple[str, ...]:
    """The slots of the kind threat, and those that harms of this behavior need."""
    needed = {slot for harm in grammar.harms if harm.behavior == behavior for slot in harm.needs}
    return tuple(s.name for s in grammar.slots if s.kind == "threat" or s.name in needed)
