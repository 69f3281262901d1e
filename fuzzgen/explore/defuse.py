"""Steering away from known triggers by changing a fact that they need.

Skipping what contains a known trigger would empty the space of a one-fact trigger, and would leave holes around the
others. Changing one fact keeps everything else of the draft. For children of elites it is not enough that the trigger is
incomplete: most of its facts still give off the thoughts that lead to it, so these are thinned to half of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random

from fuzzgen.explore.known import Fact, Known, holds
from fuzzgen.explore.space import redraw
from fuzzgen.grammar import Assignment, Grammar

__all__ = ["FLOOR", "defused", "near"]

FLOOR = 0.1  # share of proposals that are left as they are
HALF = 0.5


def near(known: Known, factors: Mapping[str, str]) -> bool:
    """Whether more than half of the trigger's facts hold."""
    return known.share(factors) > HALF


def defused(
    grammar: Grammar,
    factors: Assignment,
    triggers: Iterable[Known],
    rng: Random,
    *,
    thin: bool = False,
    keep: Mapping[str, float] | None = None,
) -> Assignment:
    """The assignment with no known trigger complete, or with `thin` none of them more than half there.

    `keep` says what should rather stay (factor -> weight); ties are broken at random. A fact that comes back by another
    one's change is taken away again, a few times at most.
    """
    weight = keep or {}
    for _ in range(4):
        touched = False
        for known in triggers:
            held = [fact for fact in sorted(known.facts) if holds(fact, factors)]
            while held and (near(known, factors) if thin else known.share(factors) >= 1):
                fact = min(held, key=lambda f: weight.get(f[0], 0.0) + 0.2 * rng.random())
                held.remove(fact)
                factors = _without(grammar, factors, fact, rng)
                touched = True
        if not touched:
            break
    return factors


def _without(grammar: Grammar, factors: Assignment, fact: Fact, rng: Random) -> Assignment:
    """The assignment without this fact, where its factor has another level; else as it is."""
    factor = next((f for f in grammar.factors if f.name == fact[0]), None)
    others = [x for x in factor.levels if not holds(fact, {fact[0]: x})] if factor else []
    return redraw(grammar, {**factors, fact[0]: rng.choice(others)}, frozenset(), rng) if others else factors
