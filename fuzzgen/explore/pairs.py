"""Which levels of factors can occur together in a grammar, where the existence of factors depends on others.

For two factors, or any few, only what their existence rests on matters, and of that only whether conditions hold: the
levels of an ancestor that no condition tells apart are tried by one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

from fuzzgen.grammar import Assignment, Factor, Grammar
from fuzzgen.scenario.model import ABSENT

__all__ = ["Level", "Pair", "feasible_levels", "feasible_pairs", "needed_by"]

Level = tuple[str, str]
Pair = frozenset[Level]


@lru_cache(maxsize=16)
def feasible_pairs(grammar: Grammar) -> frozenset[Pair]:
    """All pairs ((factor, level), (factor, level)) of two different factors that some assignment has; "absent" counts."""
    return frozenset(
        frozenset(((a.name, one), (b.name, other)))
        for a, b in combinations(grammar.factors, 2)
        for one, other in feasible_levels(grammar, (a, b))
    )


def feasible_levels(grammar: Grammar, factors: Sequence[Factor]) -> set[tuple[str, ...]]:
    """All combinations of levels of these factors, in their order, that some assignment has; "absent" counts."""
    names = [f.name for f in factors]
    relevant = set(names).union(*(needed_by(grammar, f) for f in factors))
    states: list[Assignment] = [{}]
    for factor in grammar.factors:
        if factor.name not in relevant:
            continue
        levels = factor.levels if factor.name in names else _told_apart(grammar, factor)
        states = [
            {**state, factor.name: level}
            for state in states
            for level in (levels if grammar.exists(factor, state) else (ABSENT,))
        ]
    return {tuple(state[name] for name in names) for state in states}


def needed_by(grammar: Grammar, factor: Factor) -> frozenset[str]:
    """Names of the factors on which its existence rests, directly or through others."""
    return _needs(grammar)[factor.name]


@lru_cache(maxsize=16)
def _needs(grammar: Grammar) -> dict[str, frozenset[str]]:
    needs: dict[str, frozenset[str]] = {}
    for factor in grammar.factors:  # what a factor rests on is drawn before it
        direct = set(factor.slot.when) if factor.of_slot else {factor.slot.name}
        if factor.role and "." in factor.role.of:
            direct.add(factor.role.of.partition(".")[0])
        needs[factor.name] = frozenset(direct).union(*(needs[name] for name in direct))
    return needs


def _told_apart(grammar: Grammar, factor: Factor) -> tuple[str, ...]:
    """One level for each way in which conditions see this factor."""
    conditions = [slot.when[factor.name] for slot in grammar.slots if factor.name in slot.when]
    seen = {(level != ABSENT, *(level in c for c in conditions)): level for level in reversed(factor.levels)}
    return tuple(seen.values())
