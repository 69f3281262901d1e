"""A grammar as a Hypothesis strategy, and scenarios drawn from it by seed.

The strategy is made once per grammar and kept: building strategies while drawing costs four times as much.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from hypothesis import strategies as st

from fuzzgen.grammar.build import Structure, build
from fuzzgen.grammar.driving import HYPOTHESIS_VERSION, Choice, draw, made_by_choices, mutate, replay
from fuzzgen.grammar.model import Grammar
from fuzzgen.scenario.model import Provenance, Scenario

__all__ = ["mutated", "replayed", "sample", "scenarios", "structures"]

HALF = 1 << 16  # two draws of this size: Hypothesis favours special values among larger numbers


@lru_cache(maxsize=64)
def structures(grammar: Grammar) -> st.SearchStrategy[Structure]:
    """All structures of a grammar; shrinks towards the first level of each factor."""
    people, ordinary = grammar.people, grammar.ordinary

    def structure(below: Callable[[int], int]) -> Structure:
        return Structure(
            assignment=grammar.assign(lambda factor: factor.levels[below(len(factor.levels))]),
            people=people[0] + below(people[1] - people[0] + 1),
            ordinary=ordinary.least + below(ordinary.most - ordinary.least + 1),
            surface=below(HALF) << 16 | below(HALF),
        )

    return made_by_choices(structure)


@lru_cache(maxsize=64)
def scenarios(grammar: Grammar, language: str = "en") -> st.SearchStrategy[Scenario]:
    """A strategy for the scenarios of a grammar in one of its languages, for use in any `@given`."""
    return structures(grammar).map(lambda structure: build(grammar, structure, language=language))


def _with_choices(
    grammar: Grammar, structure: Structure, choices: tuple[Choice, ...], origin: str, language: str
) -> Scenario:
    return build(
        grammar,
        structure,
        language=language,
        provenance=Provenance.model_validate(
            {"origin": origin, "choices": choices, "hypothesis_version": HYPOTHESIS_VERSION}
        ),
    )


def sample(grammar: Grammar, seed: int, language: str = "en") -> Scenario:
    """The scenario that this seed draws, with its choices. Languages have the same situations."""
    structure, choices = draw(structures(grammar), seed)
    return _with_choices(grammar, structure, choices, "sampled", language)


def replayed(grammar: Grammar, choices: tuple[Choice, ...], language: str = "en") -> Scenario:
    """The scenario that these choices make."""
    return build(grammar, replay(structures(grammar), choices), language=language)


def mutated(grammar: Grammar, scenario: Scenario, seed: int) -> Scenario:
    """A neighbor of a sampled scenario: its choices up to a random place, the rest drawn afresh."""
    choices = (scenario.provenance.choices if scenario.provenance else None) or ()
    structure, new = mutate(structures(grammar), choices, seed)
    return _with_choices(grammar, structure, new, "mutated", scenario.language)
