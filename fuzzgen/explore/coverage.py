"""How much of a grammar a set of scenarios has exercised: its productions, and combinations of factor levels.

What can occur follows from the grammar's own conditions, so that 100 % is within reach and what is missing could be run.
A level, and a combination of levels, counts as exercised where a scenario has it as it stands: what was shrunk away is
"absent".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fuzzgen.explore.pairs import Level, feasible_levels
from fuzzgen.grammar import Factor, Grammar
from fuzzgen.scenario.model import ABSENT, Scenario

__all__ = ["Combinations", "Coverage", "Productions", "coverage", "productions"]

Production = tuple[str, str]  # what it is a choice of ("threat", "task", "email"), and which


@dataclass(frozen=True)
class Productions:
    """One kind of production: how many of the feasible ones occurred, and those that did not."""

    kind: str
    feasible: int
    missing: tuple[str, ...]

    @property
    def exercised(self) -> int:
        return self.feasible - len(self.missing)


@dataclass(frozen=True)
class Combinations:
    """The levels of some factors together: the feasible combinations, and those of them that did not occur."""

    factors: tuple[str, ...]
    feasible: int
    missing: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Coverage:
    """What `scenarios` scenarios with `assignments` distinct assignments have exercised, at one strength.

    `combinations` are those that lack something, the emptiest first; `unknown` the levels that the grammar does not have
    (scenarios of another version of it).
    """

    scenarios: int
    assignments: int
    productions: tuple[Productions, ...]
    strength: int
    feasible: int
    combinations: tuple[Combinations, ...]
    unknown: tuple[Level, ...]

    @property
    def missing(self) -> int:
        """How many feasible combinations did not occur."""
        return sum(len(c.missing) for c in self.combinations)


def coverage(grammar: Grammar, scenarios: Iterable[Scenario], strength: int = 2) -> Coverage:
    """The coverage of `grammar` by its scenarios; `strength` is how many factors are looked at together."""
    seen: dict[str, set[str]] = {kind: set() for kind in productions(grammar)}
    rows: set[tuple[str, ...]] = set()
    known = {f.name: {ABSENT, *f.levels} for f in grammar.factors}
    unknown: set[Level] = set()
    count = 0
    for scenario in scenarios:
        count += 1
        levels = scenario.factors
        unknown |= {(f, v) for f, v in levels.items() if v not in known.get(f, ())}
        rows.add(tuple(levels.get(f.name, ABSENT) for f in grammar.factors))
        for kind, name in _of_scenario(grammar, scenario):
            seen[kind].add(name)
    feasible, lacking = _combinations(grammar, sorted(rows), strength)
    return Coverage(
        scenarios=count,
        assignments=len(rows),
        productions=tuple(
            Productions(kind, len(names), tuple(n for n in names if n not in seen[kind]))
            for kind, names in productions(grammar).items()
        ),
        strength=strength,
        feasible=feasible,
        combinations=lacking,
        unknown=tuple(sorted(unknown)),
    )


def productions(grammar: Grammar) -> dict[str, tuple[str, ...]]:
    """The productions that can occur, by kind, each in the grammar's order."""
    ordinary, specs = grammar.ordinary, [(s, a) for s in grammar.slots for a in s.artifacts]
    by_medium = [*ordinary.emails, *ordinary.replies, *ordinary.documents, *ordinary.chats, *ordinary.tickets]
    telling = [a.type for slot, a in specs if _possible(grammar, {**a.when, slot.name: slot.alternatives})]
    return {
        "slot": _levels(f for f in grammar.factors if f.of_slot),
        "attribute": _levels(f for f in grammar.factors if not f.of_slot and f.role is None),
        "role": _levels(f for f in grammar.factors if f.role is not None),
        "business": grammar.businesses,
        "agent": grammar.roles,
        "task": grammar.tasks,
        "artifact": tuple(dict.fromkeys([*telling, *by_medium])),
        "tool": tuple(t.name for t in grammar.tools if _possible(grammar, t.when)),
        "harm": tuple(
            h.name for h in grammar.harms if _possible(grammar, {n: grammar.slot(n).alternatives for n in h.needs})
        ),
    }


def _levels(factors: Iterable[Factor]) -> tuple[str, ...]:
    return tuple(f"{f.name}={level}" for f in factors for level in f.levels if level != ABSENT)


def _possible(grammar: Grammar, when: Mapping[str, Sequence[str]]) -> bool:
    """Whether some assignment fulfills a condition."""
    factors = [f for f in grammar.factors if f.name in when]
    return any(
        all(level in when[f.name] for f, level in zip(factors, levels, strict=True))
        for levels in feasible_levels(grammar, factors)
    )


def _of_scenario(grammar: Grammar, scenario: Scenario) -> Iterable[Production]:
    levels = scenario.factors
    for factor in grammar.factors:
        kind = "slot" if factor.of_slot else "role" if factor.role else "attribute"
        yield kind, f"{factor.name}={levels.get(factor.name, ABSENT)}"
    yield "business", scenario.organization.business
    yield "agent", scenario.agent.role
    yield "task", scenario.agent.task
    yield from (("artifact", a.type) for a in scenario.artifacts)
    yield from (("tool", t.name) for t in scenario.tools)
    yield from (("harm", h.id) for h in scenario.facts.harms)


def _combinations(
    grammar: Grammar, rows: Sequence[tuple[str, ...]], strength: int
) -> tuple[int, tuple[Combinations, ...]]:
    """How many combinations are feasible, and which do not occur in the rows."""
    factors = grammar.factors
    codes = [{level: i for i, level in enumerate(dict.fromkeys((ABSENT, *f.levels)))} for f in factors]
    table = np.array([_encoded(codes, row) for row in rows], dtype=np.int64).reshape(len(rows), len(factors))
    feasible, lacking = 0, []
    for places in combinations(range(len(factors)), strength):
        chosen, own = [factors[i] for i in places], [codes[i] for i in places]
        occurred = _occurred(table[:, list(places)], [len(c) + 1 for c in own])
        could = {_encoded(own, levels): levels for levels in feasible_levels(grammar, chosen)}
        feasible += len(could)
        missing = tuple(levels for code, levels in sorted(could.items()) if not occurred[code])
        if missing:
            lacking.append(Combinations(tuple(f.name for f in chosen), len(could), missing))
    lacking.sort(key=lambda c: -len(c.missing) / c.feasible)
    return feasible, tuple(lacking)


def _encoded(codes: Sequence[Mapping[str, int]], levels: Sequence[str]) -> tuple[int, ...]:
    """Numbers for levels; one more than all of a factor's own for a level that the grammar does not know."""
    return tuple(c.get(level, len(c)) for c, level in zip(codes, levels, strict=True))


def _occurred(columns: NDArray[np.int64], sizes: Sequence[int]) -> NDArray[np.bool_]:
    """For each combination of codes, whether some row has it."""
    flat = np.zeros(int(np.prod(sizes)), dtype=bool)
    if len(columns):
        flat[np.ravel_multi_index(tuple(columns.T), tuple(sizes))] = True
    return flat.reshape(tuple(sizes))
