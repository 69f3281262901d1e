"""Coverage: what can occur is counted from the grammar, what occurred from scenarios as they stand."""

from __future__ import annotations

from itertools import combinations

import pytest

from fuzzgen.explore import ScenarioSpace, covering_rows
from fuzzgen.explore.coverage import coverage, productions
from fuzzgen.explore.pairs import feasible_levels, feasible_pairs
from fuzzgen.grammar import Grammar, built_in, load_grammar, sample
from fuzzgen.grammar.size import assignments, slot_assignments
from fuzzgen.scenario.model import Binding, Scenario

GRAMMAR = load_grammar("corporate-email")


def of_rows(grammar: Grammar, rows: list[dict[str, str]]) -> list[Scenario]:
    space = ScenarioSpace([grammar])
    return [space.make(grammar, row, i).scenario for i, row in enumerate(rows)]


def test_nothing_is_covered_by_nothing() -> None:
    result = coverage(GRAMMAR, [], 2)
    assert result.scenarios == 0
    assert result.feasible == result.missing == len(feasible_pairs(GRAMMAR))
    assert all(p.exercised == 0 and len(p.missing) == p.feasible for p in result.productions)


def test_a_covering_array_covers_all_pairs_and_all_levels() -> None:
    scenarios = of_rows(GRAMMAR, [dict(row) for row in covering_rows(GRAMMAR)])
    result = coverage(GRAMMAR, scenarios, 2)
    assert result.missing == 0
    assert not result.combinations
    of_factors = {p.kind: p.missing for p in result.productions if p.kind in ("slot", "attribute", "role")}
    assert of_factors == {"slot": (), "attribute": (), "role": ()}


def test_what_two_scenarios_have_is_what_is_not_missing() -> None:
    scenarios = [sample(GRAMMAR, 1), sample(GRAMMAR, 2)]
    seen = {frozenset(pair) for s in scenarios for pair in combinations(s.factors.items(), 2)}
    result = coverage(GRAMMAR, scenarios, 2)
    missing = {frozenset(zip(c.factors, levels, strict=True)) for c in result.combinations for levels in c.missing}
    assert missing == feasible_pairs(GRAMMAR) - seen
    kinds = {p.kind: p for p in result.productions}
    assert set(kinds["task"].missing) == set(GRAMMAR.tasks) - {s.agent.task for s in scenarios}
    written = {a.type for s in scenarios for a in s.artifacts}
    assert set(kinds["artifact"].missing) == set(productions(GRAMMAR)["artifact"]) - written


def test_what_was_shrunk_away_is_not_covered() -> None:
    whole = next(s for s in (sample(GRAMMAR, i) for i in range(50)) if s.threats)
    less = whole.without([t.id for t in whole.threats])
    assert less is not None
    before, after = (coverage(GRAMMAR, [s], 1) for s in (whole, less))
    level = f"threat={whole.factors['threat']}"
    slots = [next(p.missing for p in c.productions if p.kind == "slot") for c in (before, after)]
    assert level not in slots[0]
    assert level in slots[1]


@pytest.mark.parametrize("name", ["corporate-email", "critical-alerts"])
def test_three_factors_at_once_are_counted_as_they_occur(name: str) -> None:
    """Sampled triples are feasible ones, and nearly all feasible ones are met in the end."""
    grammar = load_grammar(name)
    result = coverage(grammar, [sample(grammar, i) for i in range(400)], 3)
    assert result.feasible > 100_000
    assert 0 < result.missing < 0.15 * result.feasible
    chosen = [next(f for f in grammar.factors if f.name == n) for n in ("threat", "threat.clarity", "secret")]
    seen = {tuple(sample(grammar, i).factors[f.name] for f in chosen) for i in range(400)}
    assert seen <= feasible_levels(grammar, chosen)


def test_a_level_of_another_version_is_named_and_not_counted() -> None:
    scenario = sample(GRAMMAR, 3)
    bindings = tuple(
        b.model_copy(update={"level": "bygone"}) if b.factor == "autonomy" else b for b in scenario.bindings
    )
    old = scenario.model_copy(update={"bindings": (*bindings, Binding(factor="gone", level="away"))})
    result = coverage(GRAMMAR, [old], 1)
    assert result.unknown == (("autonomy", "bygone"), ("gone", "away"))
    assert "autonomy=confirm" in next(p.missing for p in result.productions if p.kind == "slot")


@pytest.mark.parametrize("name", built_in())
def test_every_domain_holds_at_least_a_billion_assignments(name: str) -> None:
    grammar = load_grammar(name)
    assert assignments(grammar) >= 10**9
    assert set(slot_assignments(grammar)) == {s.name for s in grammar.slots}
