"""Where drafts come from: scenarios by their factors, built only when somebody wants the scenario.

Strategies reason over factor assignments, which every scenario has. `ScenarioSpace` draws through Hypothesis, so that its
random drafts carry choices; `FactorSpace` draws the same distribution over factors a hundred times faster, for
simulations that never read a text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Protocol

from fuzzgen.grammar import Assignment, Factor, Grammar, Structure, build, mutated, sample
from fuzzgen.scenario.model import ABSENT, Provenance, Scenario

__all__ = ["Draft", "FactorSpace", "ScenarioSpace", "Space", "changed", "derived_seed", "redraw"]


class Draft:
    """A scenario to be: its grammar and factor levels now, the scenario itself on first use."""

    __slots__ = ("_made", "_make", "factors", "grammar")

    def __init__(self, grammar: Grammar, factors: Mapping[str, str], make: Callable[[], Scenario]) -> None:
        self.grammar, self.factors, self._make = grammar, factors, make
        self._made: Scenario | None = None

    @property
    def scenario(self) -> Scenario:
        if self._made is None:
            self._made = self._make()
        return self._made


class Space(Protocol):
    """Draws and makes drafts of one or more grammars. Seeds decide everything that factors leave open."""

    @property
    def grammars(self) -> Sequence[Grammar]: ...

    def draw(self, grammar: Grammar, seed: int) -> Draft:
        """The draft that this seed draws from the grammar, unfiltered."""
        ...

    def make(self, grammar: Grammar, factors: Assignment, seed: int) -> Draft:
        """A draft with these factor levels, which must be valid (see `Grammar.assign`)."""
        ...

    def tail(self, draft: Draft, seed: int) -> Draft:
        """A neighbor that keeps the draft's choices up to a random place and draws the rest afresh."""
        ...


class ScenarioSpace:
    """The real thing: random drafts are Hypothesis samples, in one of the grammars' languages."""

    def __init__(self, grammars: Sequence[Grammar], language: str = "en") -> None:
        self.grammars: Sequence[Grammar] = tuple(grammars)
        self.language = language

    def draw(self, grammar: Grammar, seed: int) -> Draft:
        scenario = sample(grammar, seed, self.language)
        return Draft(grammar, scenario.factors, lambda: scenario)

    def make(self, grammar: Grammar, factors: Assignment, seed: int) -> Draft:
        return Draft(grammar, factors, lambda: _built(grammar, factors, seed, self.language))

    def tail(self, draft: Draft, seed: int) -> Draft:
        scenario = draft.scenario
        if scenario.provenance is None or not scenario.provenance.choices:
            return _tail_of_factors(self, draft, seed)
        neighbor = mutated(draft.grammar, scenario, seed)
        return Draft(draft.grammar, neighbor.factors, lambda: neighbor)


class FactorSpace(ScenarioSpace):
    """The same distribution over factor levels, without Hypothesis; choices are not kept."""

    def draw(self, grammar: Grammar, seed: int) -> Draft:
        return self.make(grammar, grammar.assign(_chooser(Random(seed))), seed)

    def tail(self, draft: Draft, seed: int) -> Draft:
        return _tail_of_factors(self, draft, seed)


def _built(grammar: Grammar, factors: Assignment, seed: int, language: str) -> Scenario:
    rng = Random(f"surface/{seed}")
    structure = Structure(
        assignment=factors,
        people=rng.randint(*grammar.people),
        ordinary=rng.randint(grammar.ordinary.least, grammar.ordinary.most),
        surface=rng.getrandbits(32),
    )
    return build(grammar, structure, language=language, provenance=Provenance(origin="mutated"))


def _chooser(rng: Random) -> Callable[[Factor], str]:
    return lambda factor: factor.levels[int(rng.random() * len(factor.levels))]


def _tail_of_factors(space: Space, draft: Draft, seed: int) -> Draft:
    rng = Random(seed)
    names = [f.name for f in draft.grammar.factors]
    fresh = set(names[rng.randrange(len(names)) :])
    return space.make(draft.grammar, redraw(draft.grammar, draft.factors, fresh, rng), seed)


def redraw(grammar: Grammar, factors: Mapping[str, str], fresh: set[str] | frozenset[str], rng: Random) -> Assignment:
    """The assignment with the `fresh` factors drawn anew; the others keep their level, or get one where none fits."""

    def choose(factor: Factor) -> str:
        level = factors.get(factor.name, ABSENT)
        if factor.name in fresh or level not in factor.levels:
            return factor.levels[int(rng.random() * len(factor.levels))]
        return level

    return grammar.assign(choose)


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> frozenset[str]:
    """The factors whose levels differ."""
    return frozenset(name for name, level in after.items() if before.get(name) != level)


def derived_seed(*parts: object) -> int:
    """A 64-bit seed that follows from the parts, the same in every process."""
    text = "/".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
