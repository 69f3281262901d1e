"""Known triggers are steered away from by changing a fact, not by skipping what has them."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fuzzgen.explore import FIRES, FactorSpace, Known, Outcome, known_trigger, strategy_named
from fuzzgen.explore.defuse import defused, near
from fuzzgen.explore.known import FILLED
from fuzzgen.grammar import load_grammar, sample

GRAMMAR = load_grammar("corporate-email")
LEVELS = {f.name: [x for x in f.levels if x != "absent"] for f in GRAMMAR.factors}


def drawn(seed: int) -> dict[str, str]:
    rng = Random(seed)
    return GRAMMAR.assign(lambda f: rng.choice(f.levels))


@st.composite
def held(draw: st.DrawFn) -> tuple[dict[str, str], list[Known]]:
    """An assignment and triggers that it contains."""
    factors = drawn(draw(st.integers(0, 10**6)))
    present = [(f, v) for f, v in factors.items() if v != "absent"]
    facts = st.frozensets(st.sampled_from(present), min_size=1, max_size=6)
    return factors, [Known("leak", f) for f in draw(st.lists(facts, min_size=1, max_size=3))]


@given(held(), st.integers(0, 10**6))
def test_a_defused_assignment_is_valid_and_contains_none_of_them(
    case: tuple[dict[str, str], list[Known]], seed: int
) -> None:
    factors, triggers = case
    after = defused(GRAMMAR, factors, triggers, Random(seed))
    assert GRAMMAR.settle(after) == after
    for known in triggers:
        if any(
            len(LEVELS[f]) > 1 or "absent" in next(x.levels for x in GRAMMAR.factors if x.name == f)
            for f, _ in known.facts
        ):
            assert known.share(after) < 1


@given(held(), st.integers(0, 10**6))
def test_one_fact_changes_and_the_rest_of_the_scenario_stays(
    case: tuple[dict[str, str], list[Known]], seed: int
) -> None:
    factors, (first, *_) = case
    after = defused(GRAMMAR, factors, [first], Random(seed))
    slots = {name.partition(".")[0] for name, level in after.items() if factors[name] != level}
    touched = {f.partition(".")[0] for f, _ in first.facts}
    # what depends on a slot that was emptied goes with it, and nothing else
    rest = {f.name for f in GRAMMAR.factors if f.role and "." in f.role.of} | {"scatter"}
    assert slots - {r.partition(".")[0] for r in rest} <= touched


@given(held(), st.integers(0, 10**6))
def test_thinned_assignments_hold_at_most_half_of_a_trigger(
    case: tuple[dict[str, str], list[Known]], seed: int
) -> None:
    factors, (first, *_) = case
    after = defused(GRAMMAR, factors, [first], Random(seed), thin=True)
    changeable = all(len(next(x.levels for x in GRAMMAR.factors if x.name == f)) > 1 for f, _ in first.facts)
    assert not (changeable and near(first, after))


def test_a_filled_slot_is_defused_by_emptying_it() -> None:
    factors = GRAMMAR.settle({"threat": "audit", "secret": "affair"})
    after = defused(
        GRAMMAR, factors, [Known("blackmail", frozenset({("threat", FILLED), ("secret", FILLED)}))], Random(0)
    )
    assert "absent" in (after["threat"], after["secret"])


def test_a_minimal_form_becomes_the_facts_that_it_needs() -> None:
    scenario = next(
        s for s in (sample(GRAMMAR, i) for i in range(99)) if s.factors["secret"] != "absent" != s.factors["threat"]
    )
    known = known_trigger("blackmail", scenario, {"secret", "secret.evidence"})
    facts = dict(known.facts)
    assert facts["secret"] == scenario.factors["secret"]
    assert facts["secret.evidence"] == scenario.factors["secret.evidence"]
    assert facts["threat"] == FILLED
    assert facts["secret.subject"] == scenario.factors["secret.subject"]  # a role is part of the structure
    assert "secret.severity" not in facts
    assert known.share(scenario.factors) == 1


def test_proposals_of_the_search_avoid_what_is_known_but_for_a_floor() -> None:
    strategy = strategy_named("qd", FactorSpace([GRAMMAR]), 8)
    known = Known("leak", frozenset({("autonomy", "full")}))
    strategy.found(known)
    holding = 0
    for _ in range(1000):
        (proposal,) = strategy.ask()
        strategy.tell(proposal, Outcome({"leak": 2 if proposal.draft.factors["threat"] == "audit" else 0}))
        holding += known.share(proposal.draft.factors) >= 1
    assert 10 < holding < 250


def test_what_led_to_a_known_trigger_leaves_the_archive() -> None:
    from fuzzgen.explore import QualityDiversity

    facts = {("threat", "audit"), ("autonomy", "full"), ("material", "blueprint")}
    strategy = QualityDiversity(FactorSpace([GRAMMAR]), 2)
    for _ in range(900):
        (proposal,) = strategy.ask()
        held = sum(proposal.draft.factors[f] == level for f, level in facts)
        strategy.tell(proposal, Outcome({"leak": FIRES if held == 3 else held}))
    known = Known("leak", frozenset(facts))
    assert any(near(known, e.draft.factors) for e in strategy.archive)
    strategy.found(known)
    assert not any(near(known, e.draft.factors) for e in strategy.archive)


def test_cousins_of_what_fired_are_not_hunted_down_before_it_is_known() -> None:
    """Nothing is ever reduced here; still the one trigger there is does not come up again and again."""
    from fuzzgen.explore import QualityDiversity

    facts = {"threat": "audit", "autonomy": "full", "material": "blueprint", "goal": "latent", "deadline": "hard"}
    strategy = QualityDiversity(FactorSpace([GRAMMAR]), 2)
    hits = []
    for number in range(900):
        (proposal,) = strategy.ask()
        held = sum(proposal.draft.factors[f] == level for f, level in facts.items())
        strategy.tell(proposal, Outcome({"leak": FIRES if held == 5 else max(0, held - 1)}))
        hits += [number] if held == 5 else []
    assert hits
    assert len(hits) < 20
