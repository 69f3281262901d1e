"""Which wording stands where: a function of a key and of the place, never of what else the text holds.

Each place of a template draws for itself, so that taking an element away leaves the wording of the rest as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

__all__ = ["Wording", "draw"]


def draw(key: str, below: int) -> int:
    """A whole number from 0 to `below` - 1 that follows from the key; even over many keys."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=5).digest(), "big") % below


class Wording:
    """Draws for one text. The same place, visited again (in a loop), draws anew. `terse` leaves out what can be."""

    def __init__(self, key: str, *, terse: bool = False) -> None:
        self.key, self.terse = key, terse
        self._visits: dict[str, int] = {}
        self._standing: dict[str, int] = {}

    def at(self, place: str, below: int) -> int:
        """The draw at a place."""
        visit = self._visits.get(place, 0)
        self._visits[place] = visit + 1
        return draw(f"{self.key}/{place}/{visit}", below)

    def chosen(self, place: str, count: int, branch: int) -> bool:
        """Whether `branch` of `count` stands here. Asked for branches in order, from 0."""
        if branch == 0:
            self._standing[place] = self.at(place, count)
        return self._standing.get(place, 0) == branch

    def maybe(self, place: str) -> bool:
        """Whether a sentence that can be left out stands here: half of the time, and never in the short form."""
        return not self.terse and self.at(place, 2) == 0

    def one_of(self, options: Sequence[object]) -> object:
        """One of the options; the same ones, asked for again, come in turn without repeating."""
        place = f"of:{len(options)}:{options[0]}:{options[-1]}"
        visit = self._visits.get(place, 0)
        self._visits[place] = visit + 1
        start = draw(f"{self.key}/{place}", len(options))
        return options[(start + visit) % len(options)]

    def number(self, low: int, high: int, step: int = 1) -> int:
        """A number from `low` to `high`, both included."""
        return low + step * self.at(f"number:{low}:{high}", (high - low) // step + 1)
