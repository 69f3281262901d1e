"""What holds for every scenario and for whatever is cut from it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fuzzgen
from fuzzgen.engine.candidate import candidate_of
from fuzzgen.render import render
from fuzzgen.scenario.elements import check, closure, needs, protected
from fuzzgen.scenario.model import ABSENT, Artifact, Person, Placed, Scenario, Tie
from fuzzgen.scenario.tools import STRUCTURAL_TOOLS
from fuzzgen.scenario.verdict import BEHAVIORS

SCENARIOS = fuzzgen.scenarios(fuzzgen.load_grammar("corporate-email"))
few = settings(deadline=None, max_examples=40, database=None)


@st.composite
def cuts(draw: st.DrawFn, count: int = 1) -> tuple[Any, ...]:
    """A scenario and `count` sets of its ids."""
    scenario = draw(SCENARIOS)
    ids = st.frozensets(st.sampled_from(scenario.elements()), max_size=8)
    return (scenario, *(draw(ids) for _ in range(count)))


@few
@given(cuts())
def test_removal_strictly_shrinks_and_takes_exactly_what_rests_on_it(cut: tuple[Scenario, frozenset[str]]) -> None:
    scenario, ids = cut
    smaller = scenario.without(ids)
    if smaller is None:
        assert {a.id for a in scenario.artifacts} <= closure(scenario, ids), "something was left to read"
    else:
        gone = closure(scenario, ids)
        assert smaller.elements() == tuple(e for e in scenario.elements() if e not in gone)
        assert ids <= gone
        assert len(smaller.elements()) < len(scenario.elements()) or not ids


@few
@given(cuts())
def test_what_is_left_is_what_it_was(cut: tuple[Scenario, frozenset[str]]) -> None:
    scenario, ids = cut
    smaller = scenario.without(ids)
    if smaller is None:
        return
    for kind, left in smaller.walk():
        before = scenario.by_id[left.id]
        assert scenario.kind_of(left.id) == kind
        match left:
            case Person():
                assert left == before.model_copy(update={"manager": left.manager})
            case Artifact():
                assert isinstance(before, Artifact)
                assert left == before.model_copy(update={"recipients": left.recipients, "reply_to": left.reply_to})
                assert left.recipients == tuple(r for r in before.recipients if r == "agent" or r in smaller.by_id)
            case _:
                assert left == before
    assert smaller.facts == scenario.facts, "what a judge may rely on is frozen"
    assert (smaller.now, smaller.organization, smaller.agent.name) == (
        scenario.now,
        scenario.organization,
        scenario.agent.name,
    )


@few
@given(cuts(2))
def test_removals_add_up_in_any_order(cut: tuple[Scenario, frozenset[str], frozenset[str]]) -> None:
    scenario, one, other = cut
    both = scenario.without(one | other)
    for first, second in ((one, other), (other, one)):
        step = scenario.without(first)
        assert (step.without(second) if step else None) == both


@few
@given(cuts())
def test_removing_nothing_or_what_is_not_there_changes_nothing(cut: tuple[Scenario, frozenset[str]]) -> None:
    scenario, ids = cut
    assert scenario.without(()) == scenario
    assert scenario.without(("nobody", "")) == scenario
    smaller = scenario.without(ids)
    assert smaller is None or smaller.without(ids) == smaller


@few
@given(cuts(2))
def test_the_closure_is_extensive_idempotent_and_monotone(
    cut: tuple[Scenario, frozenset[str], frozenset[str]],
) -> None:
    scenario, one, other = cut
    assert one <= closure(scenario, one)
    assert closure(scenario, closure(scenario, one)) == closure(scenario, one)
    assert closure(scenario, one) <= closure(scenario, one | other)


@few
@given(cuts())
def test_every_result_is_a_valid_scenario(cut: tuple[Scenario, frozenset[str]]) -> None:
    scenario, ids = cut
    for result in (scenario, scenario.without(ids)):
        if result is not None:
            again = Scenario.parse(result.canonical())
            check(again)
            assert again == result
            assert again.provenance == result.provenance
            assert again.canonical() == result.canonical()
            assert hash(again) == hash(result)


@few
@given(cuts())
def test_nothing_that_is_left_refers_to_what_is_gone(cut: tuple[Scenario, frozenset[str]]) -> None:
    scenario, ids = cut
    smaller = scenario.without(ids)
    if smaller is None:
        return
    here = {*smaller.by_id, "agent"}
    for _, element in smaller.walk():
        assert needs(element) <= here
        if isinstance(element, Artifact):
            assert {*element.recipients, *([element.reply_to] if element.reply_to else [])} <= here
            before = scenario.by_id[element.id]
            assert isinstance(before, Artifact)
            assert bool(element.recipients) == bool(before.recipients), "mail that nobody is left to get is gone"
    assert smaller.agent.principal is None or smaller.agent.principal in here


@few
@given(cuts())
def test_reporting_lines_close_over_a_removed_manager(cut: tuple[Scenario, frozenset[str]]) -> None:
    scenario, ids = cut
    smaller = scenario.without(ids)
    if smaller is None:
        return
    above = {p.id: p.manager for p in scenario.people}
    for person in smaller.people:
        boss = above[person.id]
        while boss is not None and boss not in smaller.by_id:
            boss = above[boss]
        assert person.manager == boss


@few
@given(cuts())
def test_a_removal_makes_levels_absent_and_never_others(cut: tuple[Scenario, frozenset[str]]) -> None:
    scenario, ids = cut
    smaller = scenario.without(ids)
    if smaller is None:
        return
    assert smaller.factors.keys() == scenario.factors.keys()
    changed = {f: level for f, level in smaller.factors.items() if level != scenario.factors[f]}
    assert set(changed.values()) <= {ABSENT}
    for placed in (*scenario.threats, *scenario.secrets, *scenario.hazards):
        assert placed.id in smaller.by_id or smaller.factors[placed.id] == ABSENT


@few
@given(cuts())
def test_provenance_names_parent_and_root_and_is_no_part_of_identity(cut: tuple[Scenario, frozenset[str]]) -> None:
    scenario, ids = cut
    child = scenario.without(ids)
    if child is None or child == scenario:
        return
    assert child.provenance is not None
    assert (child.provenance.origin, child.provenance.parent_id) == ("shrunk", scenario.scenario_id)
    grandchild = child.without(child.elements()[:1])
    if grandchild is not None and grandchild.provenance is not None:
        assert grandchild.provenance.root_id == scenario.scenario_id
    assert child.model_copy(update={"provenance": None}).scenario_id == child.scenario_id


@few
@given(SCENARIOS, st.randoms(use_true_random=False), st.sampled_from(BEHAVIORS))
def test_what_a_harm_rests_on_is_never_cut(scenario: Scenario, rng: random.Random, behavior: Any) -> None:
    kept = protected(scenario, behavior)
    assert kept <= scenario.by_id.keys()
    candidate = candidate_of(scenario, behavior, lambda s: render(s, "inbox"))
    while elements := candidate.elements():
        smaller = candidate.without(rng.sample(elements, min(3, len(elements))))
        smaller = smaller or candidate.without(elements[:1])
        if smaller is None:
            break
        candidate = smaller
        assert kept <= candidate.scenario.by_id.keys()
    for harm in scenario.facts.harms:
        if harm.behavior == behavior:
            assert set(harm.protects) <= kept
            assert harm.victim is None or harm.victim in scenario.by_id
    assert all(candidate.without((i,)) is None for i in kept)


def test_protected_covers_the_material_and_the_person_in_danger() -> None:
    grammar = fuzzgen.load_grammar("corporate-email")
    from fuzzgen.grammar import sample

    seen = set()
    for seed in range(60):
        scenario = sample(grammar, seed)
        if any(p.id == "material" for p in scenario.secrets):
            assert "material" in protected(scenario, "leak")
            seen.add("material")
        if scenario.hazards:
            assert {"hazard", scenario.hazards[0].people["victim"]} <= protected(scenario, "sabotage")
            seen.add("hazard")
        assert protected(scenario, "deception") == frozenset()
    assert seen == {"material", "hazard"}


def _shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {k: _shuffled(value[k], rng) for k in keys}
    return [_shuffled(v, rng) for v in value] if isinstance(value, list) else value


@few
@given(SCENARIOS, st.randoms(use_true_random=False))
def test_the_id_does_not_depend_on_the_order_of_keys(scenario: Scenario, rng: random.Random) -> None:
    shuffled = json.dumps(_shuffled(json.loads(scenario.canonical()), rng), indent=1)
    assert Scenario.model_validate_json(shuffled).scenario_id == scenario.scenario_id


def test_the_id_is_the_same_in_another_process() -> None:
    from fuzzgen.grammar import sample

    grammar = fuzzgen.load_grammar("corporate-email")
    scenarios = [sample(grammar, seed) for seed in range(5)]
    program = (
        "import sys, fuzzgen\n"
        "for line in sys.stdin: print(fuzzgen.Scenario.model_validate_json(line).scenario_id)\n"
        "assert 'hypothesis' not in sys.modules"
    )
    for seed in ("1", "77"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            input="\n".join(s.canonical() for s in scenarios),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == [s.scenario_id for s in scenarios]


@few
@given(SCENARIOS)
def test_any_change_to_content_changes_the_id(scenario: Scenario) -> None:
    names = {scenario.scenario_id}
    first = scenario.artifacts[0]
    changes: list[dict[str, Any]] = [
        {"language": "xx"},
        {"artifacts": (first.model_copy(update={"wording": first.wording + 1}), *scenario.artifacts[1:])},
        {"facts": scenario.facts.model_copy(update={"organization": "Elsewhere"})},
        {"agent": scenario.agent.model_copy(update={"principal": None})},
    ]
    for change in changes:
        names.add(scenario.model_copy(update=change).scenario_id)
    assert len(names) == 1 + len(changes)


@few
@given(SCENARIOS)
def test_scenarios_are_immutable(scenario: Scenario) -> None:
    with pytest.raises(ValueError):
        scenario.language = "de"
    with pytest.raises(ValueError):
        scenario.people[0].given = "X"


@few
@given(SCENARIOS)
def test_every_part_of_a_scenario_is_an_element_of_the_kind_it_says(scenario: Scenario) -> None:
    kinds = {Person: "person", Tie: "tie", Artifact: "artifact"}
    assert len(set(scenario.elements())) == len(scenario.elements())
    for kind, element in scenario.walk():
        if isinstance(element, Placed):
            assert element.kind == kind
        elif type(element) in kinds:
            assert kinds[type(element)] == kind
    assert not {t.name for t in scenario.tools} & set(STRUCTURAL_TOOLS)
