"""A two-way covering array over a grammar's factors: a short list of assignments in which every feasible pair occurs.

Row by row and greedily (AETG, Cohen et al. 1997): a row starts from a pair that is still missing, its other factors take
the level that brings most missing pairs with what is there already, and the best of some attempts is kept. General
generators (allpairspy) know neither factors that exist only beside others nor which pairs cannot occur; told by a filter,
they need more rows or leave pairs out, so they are the yardstick in the tests and not the generator.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random

import numpy as np

from fuzzgen.explore.known import Known
from fuzzgen.explore.pairs import Level, feasible_pairs, needed_by
from fuzzgen.explore.protocol import Outcome, Proposal
from fuzzgen.explore.random_stream import RandomStream
from fuzzgen.explore.space import Space, derived_seed
from fuzzgen.grammar import Assignment, Factor, Grammar
from fuzzgen.scenario.model import ABSENT

__all__ = ["Covering", "CoveringPrefix", "covering_rows"]

ATTEMPTS = 12


@lru_cache(maxsize=16)
def covering_rows(grammar: Grammar, seed: int = 0) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The rows, each as (factor, level) in the grammar's order. The same seed gives the same rows."""
    return tuple(tuple(row.items()) for row in _Greedy(grammar, Random(f"covering/{seed}")).rows())


class _Greedy:
    def __init__(self, grammar: Grammar, rng: Random) -> None:
        self.grammar, self.rng = grammar, rng
        names = [(f.name, level) for f in grammar.factors for level in (ABSENT, *f.levels)]
        self.index: dict[Level, int] = {level: i for i, level in enumerate(dict.fromkeys(names))}
        self.missing = np.zeros((len(self.index), len(self.index)), dtype=bool)
        for one, other in map(tuple, feasible_pairs(grammar)):
            i, j = self.index[one], self.index[other]
            self.missing[i, j] = self.missing[j, i] = True
        self.needs = {f.name: needed_by(grammar, f) for f in grammar.factors}

    def rows(self) -> list[Assignment]:
        out: list[Assignment] = []
        while self.missing.any():
            row = max((self._attempt() for _ in range(ATTEMPTS)), key=self._gain)
            here = [self.index[item] for item in row.items()]
            self.missing[np.ix_(here, here)] = False
            out.append(row)
        return out

    def _gain(self, row: Assignment) -> int:
        here = [self.index[item] for item in row.items()]
        return int(self.missing[np.ix_(here, here)].sum()) // 2

    def _attempt(self) -> Assignment:
        """A row around a missing pair; where that pair falls apart (a level it rests on is refused) the next try has it."""
        degrees = self.missing.sum(axis=1)
        levels = list(self.index)
        first = self.rng.choices(range(len(levels)), degrees.tolist())[0]
        partners = np.flatnonzero(self.missing[first])
        second = int(partners[self.rng.randrange(len(partners))])
        wanted = dict((levels[first], levels[second]))
        need = frozenset().union(*(self.needs[f] for f, level in wanted.items() if level != ABSENT))
        gone = {f for f, level in wanted.items() if level == ABSENT}
        here = [self.index[item] for item in wanted.items()]

        def choose(factor: Factor) -> str:
            if wanted.get(factor.name) in factor.levels:
                return wanted[factor.name]
            allowed = self._allowed(factor, need, gone)
            rows = [self.index[factor.name, level] for level in allowed]
            gains = self.missing[np.ix_(rows, here)].sum(axis=1)
            best = np.flatnonzero(gains == gains.max())
            level = allowed[int(best[self.rng.randrange(len(best))])]
            here.append(self.index[factor.name, level])
            return level

        return self.grammar.assign(choose)

    def _allowed(self, factor: Factor, need: frozenset[str], gone: set[str]) -> list[str]:
        """Levels that keep the wanted pair possible: what it rests on is filled, what must be missing stays so."""
        if factor.name in need:
            return [level for level in factor.levels if level != ABSENT] or [ABSENT]
        if ABSENT in factor.levels and any(factor.name in self.needs[g] for g in gone) and self.rng.random() < 0.5:
            return [ABSENT]
        return list(factor.levels)


class CoveringPrefix:
    """The rows of all grammars in turn, as proposals, until there are none left."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space, self.seed = space, seed
        arrays = [(g, covering_rows(g)) for g in space.grammars]
        longest = max(len(rows) for _, rows in arrays)
        self.rows = [(g, rows[i]) for i in range(longest) for g, rows in arrays if i < len(rows)]
        self.asked = 0

    @property
    def left(self) -> int:
        return len(self.rows) - self.asked

    def next(self) -> Proposal:
        grammar, row = self.rows[self.asked]
        draft = self.space.make(grammar, dict(row), derived_seed(self.seed, "covering", self.asked))
        self.asked += 1
        return Proposal(self.asked, "covering", draft)


class Covering:
    """The strategy `covering`: the prefix, then the random stream."""

    def __init__(self, space: Space, seed: int) -> None:
        self.prefix, self.stream = CoveringPrefix(space, seed), RandomStream(space, seed)

    @property
    def why(self) -> str:
        left = self.prefix.left
        return f"pairs of facts, {left} scenarios left" if left else "all pairs covered, random sampling"

    def ask(self, count: int = 1) -> tuple[Proposal, ...]:
        return tuple(self._ask() for _ in range(count))

    def _ask(self) -> Proposal:
        if self.prefix.left:
            return self.prefix.next()
        return Proposal(self.prefix.asked + self.stream.drawn, "random", self.stream.next())

    def tell(self, proposal: Proposal, outcome: Outcome) -> None:
        pass

    def found(self, known: Known, proposal: Proposal | None = None) -> None:
        pass
