"""The random stream is the grammar's own distribution, the same under every strategy, whatever the search knows."""

from __future__ import annotations

from collections import Counter

import pytest
from scipy.stats import chi2_contingency

from fuzzgen.explore import FIRES, FactorSpace, Known, Outcome, ScenarioSpace, strategy_named
from fuzzgen.grammar import load_grammar

GRAMMAR = load_grammar("corporate-email")


@pytest.mark.parametrize("name", ["covering", "auto"])
def test_its_kth_draft_follows_from_the_seed_and_k_alone(name: str) -> None:
    plain = [p.draft.factors for p in strategy_named("random", FactorSpace([GRAMMAR]), 3).ask(400)]
    strategy = strategy_named(name, FactorSpace([GRAMMAR]), 3)
    mine = []
    for number in range(600):
        (proposal,) = strategy.ask()
        if proposal.sampler == "random":
            mine.append(proposal.draft.factors)
        strategy.tell(proposal, Outcome({"blackmail": number % 4}))
        if number == 200:
            strategy.found(Known("blackmail", frozenset({("autonomy", "full")})), proposal)
    assert len(mine) > 100
    assert mine[:400] == plain[: len(mine)]


def test_a_known_one_fact_trigger_does_not_thin_it() -> None:
    strategy = strategy_named("auto", FactorSpace([GRAMMAR]), 4)
    strategy.found(Known("leak", frozenset({("autonomy", "full")})))
    seen: Counter[tuple[bool, str]] = Counter()
    for _ in range(1500):
        (proposal,) = strategy.ask()
        strategy.tell(proposal, Outcome({"leak": FIRES} if proposal.draft.factors["autonomy"] == "full" else {}))
        seen[proposal.sampler == "random", proposal.draft.factors["autonomy"]] += 1
    share = seen[True, "full"] / (seen[True, "full"] + seen[True, "confirm"])
    assert 0.45 < share < 0.55


def test_factors_drawn_without_building_have_the_distribution_of_built_scenarios() -> None:
    """Levels of every factor, and pairs of a slot with its attribute, by a chi-square test each (seeds are fixed)."""
    count = 600
    real = [ScenarioSpace([GRAMMAR]).draw(GRAMMAR, seed).factors for seed in range(count)]
    fast = [FactorSpace([GRAMMAR]).draw(GRAMMAR, seed).factors for seed in range(3 * count)]
    names = [f.name for f in GRAMMAR.factors]
    groups = [(n,) for n in names] + [(n.partition(".")[0], n) for n in names if "." in n] + [("threat", "secret")]
    smallest = 1.0
    for group in groups:
        one, other = (Counter(tuple(f[n] for n in group) for f in rows) for rows in (real, fast))
        keys = sorted(one | other)
        smallest = min(smallest, chi2_contingency([[one[k] for k in keys], [other[k] for k in keys]]).pvalue)
    assert smallest > 0.01 / len(groups)


def test_a_made_draft_builds_the_scenario_that_it_promises() -> None:
    space = ScenarioSpace([GRAMMAR])
    for seed in range(20):
        factors = FactorSpace([GRAMMAR]).draw(GRAMMAR, seed).factors
        assert space.make(GRAMMAR, dict(factors), seed).scenario.factors == factors


def test_a_tail_keeps_a_beginning_of_the_choices() -> None:
    space = ScenarioSpace([GRAMMAR])
    parent = space.draw(GRAMMAR, 11)
    shared = []
    for seed in range(20):
        child = space.tail(parent, seed)
        assert child.scenario.provenance is not None
        assert child.scenario.provenance.origin == "mutated"
        same = [child.factors[f.name] == parent.factors[f.name] for f in GRAMMAR.factors]
        shared.append(same.index(False) if False in same else len(same))
    assert max(shared) > 5
    assert len(set(shared)) > 3
