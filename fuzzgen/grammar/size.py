"""How many situations a grammar holds, counted over factors alone: exactly, by summing over what later factors rest on."""

from __future__ import annotations

from fuzzgen.grammar.model import Assignment, Factor, Grammar
from fuzzgen.scenario.model import ABSENT

__all__ = ["assignments", "slot_assignments"]


def assignments(grammar: Grammar) -> int:
    """The number of distinct assignments of factors; names, dates and wording are not counted.

    Only factors that a later one's existence depends on need to be remembered: states that agree on those are counted
    together, so the sum is exact and takes no enumeration.
    """
    factors = grammar.factors
    states: dict[tuple[tuple[str, str], ...], int] = {(): 1}
    for i, factor in enumerate(factors):
        later = _remembered(factors[i + 1 :])
        after: dict[tuple[tuple[str, str], ...], int] = {}
        for state, count in states.items():
            known: Assignment = dict(state)
            levels = factor.levels if grammar.exists(factor, known) else (ABSENT,)
            for level in levels:
                kept = tuple(sorted((k, v) for k, v in {**known, factor.name: level}.items() if k in later))
                after[kept] = after.get(kept, 0) + count
        states = after
    return sum(states.values())


def slot_assignments(grammar: Grammar) -> dict[str, int]:
    """Per slot, the number of distinct ways to fill it or leave it out, with all that it depends on there. Exact."""
    out: dict[str, int] = {}
    for slot in grammar.slots:
        ways = 1
        for factor in grammar.factors:
            if factor.slot is slot and not factor.of_slot:
                ways *= len(factor.levels)
        out[slot.name] = len(slot.alternatives) * ways + slot.optional
    return out


def _remembered(later: tuple[Factor, ...]) -> set[str]:
    """Names of the factors on which the existence of these rests."""
    names: set[str] = set()
    for factor in later:
        names |= set(factor.slot.when)
        if not factor.of_slot:
            names.add(factor.slot.name)
        if factor.role and "." in factor.role.of:
            names.add(factor.role.of.partition(".")[0])
    return names
