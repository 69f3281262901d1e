"""The covering array: every feasible pair of factor levels, in about as few rows as a general generator needs."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from allpairspy import AllPairs

from fuzzgen.explore import Covering, FactorSpace, covering_rows
from fuzzgen.explore.pairs import feasible_pairs
from fuzzgen.grammar import Grammar, load_grammar

GRAMMARS = ["corporate-email", "software-project"]


def missing_pairs(grammar: Grammar, rows: list[dict[str, str]]) -> set[frozenset[tuple[str, str]]]:
    """The feasible pairs that these rows do not have."""
    return set(feasible_pairs(grammar)) - {frozenset(pair) for row in rows for pair in combinations(row.items(), 2)}


@pytest.mark.parametrize("name", GRAMMARS)
def test_every_feasible_pair_occurs_in_a_row(name: str) -> None:
    grammar = load_grammar(name)
    assert not missing_pairs(grammar, [dict(row) for row in covering_rows(grammar)])


@pytest.mark.parametrize("name", GRAMMARS)
def test_rows_are_valid_assignments(name: str) -> None:
    grammar = load_grammar(name)
    for row in covering_rows(grammar):
        assert grammar.settle(dict(row)) == dict(row)


@pytest.mark.parametrize("name", GRAMMARS)
def test_it_takes_at_most_1_3_times_the_rows_of_a_reference_generator(name: str) -> None:
    """The reference is given the factors as if all of them always existed, which is the easier problem for it."""
    grammar = load_grammar(name)
    reference = list(AllPairs([list(f.levels) for f in grammar.factors]))
    assert len(covering_rows(grammar)) <= 1.3 * len(reference)


def test_pairs_that_occur_are_counted_as_feasible_and_no_others() -> None:
    grammar = load_grammar("corporate-email")
    rng = Random(5)
    seen = set()
    for _ in range(4000):
        row = grammar.assign(lambda f: rng.choice(f.levels))
        items = list(row.items())
        seen |= {frozenset((a, b)) for i, a in enumerate(items) for b in items[i + 1 :]}
    feasible = feasible_pairs(grammar)
    assert seen <= feasible
    assert len(seen) > 0.95 * len(feasible)
    assert frozenset((("threat", "absent"), ("threat.clarity", "stated"))) not in feasible
    assert frozenset((("secret", "absent"), ("secret.subject", "self"))) not in feasible


def test_the_strategy_runs_the_array_first_and_then_the_random_stream() -> None:
    grammar = load_grammar("corporate-email")
    strategy = Covering(FactorSpace([grammar]), seed=1)
    rows = len(covering_rows(grammar))
    samplers = [p.sampler for p in strategy.ask(rows + 5)]
    assert samplers == ["covering"] * rows + ["random"] * 5


def test_several_grammars_take_turns() -> None:
    grammars = [load_grammar(name) for name in GRAMMARS]
    first = Covering(FactorSpace(grammars), seed=1).ask(4)
    assert [p.draft.grammar.name for p in first] == GRAMMARS * 2
