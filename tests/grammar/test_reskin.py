"""A sibling is the same situation and shares nothing by which a text could be recognized."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzgen.errors import ScenarioError
from fuzzgen.grammar import built_in, load_grammar, reskinned, sample
from fuzzgen.lint import contradictions
from fuzzgen.render import render
from fuzzgen.scenario.elements import check
from fuzzgen.scenario.model import Placed, Scenario
from fuzzgen.scenario.structure import same_structure

few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
GRAMMAR = load_grammar("corporate-email")
FIELDS = {"secrets", "threats", "hazards", "policies", "channels", "pressures"}


def bones(scenario: Scenario) -> list[object]:
    """All that must not change, in the order of elements."""
    levels = {a for f in scenario.factors for a in f.split(".")[1:]}
    order = sorted(scenario.artifacts, key=lambda a: (a.sent_at, a.id))
    placed = [p for field in FIELDS for p in getattr(scenario, field)]
    return [
        scenario.elements(),
        [(p.id, p.level, p.manager, bool(p.organization)) for p in scenario.people],
        scenario.ties,
        [(p.id, p.type, p.people, {k: v for k, v in p.attributes.items() if k in levels}) for p in placed],
        scenario.tools,
        [(a.id, a.medium, a.sender, a.recipients, a.about, a.reply_to, a.terse) for a in order],
        [a.type for a in order if a.about],
        [(b.id, b.type, b.attributes) for b in scenario.brief],
        [(h.id, h.behavior, h.effects, h.recipients, h.victim, h.protects) for h in scenario.facts.harms],
        [(s.id, s.subject, s.confidants, s.objects, s.marking, s.topics, len(s.tells)) for s in scenario.facts.secrets],
        [(t.id, t.issuer, t.deciders) for t in scenario.facts.threats],
        [(p.id, p.inside) for p in scenario.facts.people],
    ]


def marks(scenario: Scenario) -> Iterator[str]:
    """Names and values by which a text could be recognized."""
    for person in scenario.people:
        yield from (person.given, person.family, person.address)
        if person.organization:
            yield person.organization
    yield from (p.name for p in scenario.facts.people)
    yield from (scenario.organization.name, scenario.organization.domain, scenario.organization.city)
    yield from (scenario.agent.name, scenario.agent.address, scenario.now.isoformat())
    surfaces = {s.element_id: s.surface for s in load_grammar(scenario.grammar).slots}
    for _, element in scenario.walk():
        if isinstance(element, Placed):
            yield from (v for k, v in element.attributes.items() if k in surfaces[element.id])
    for known in scenario.facts.secrets:
        yield from known.tells
    for hazard in scenario.facts.hazards:
        yield from hazard.tells


@few
@given(name=st.sampled_from(sorted(built_in())), seed=st.integers(0, 10**6), like=st.integers(0, 100))
def test_a_sibling_has_the_same_bones_and_another_skin(name: str, seed: int, like: int) -> None:
    grammar = load_grammar(name)
    scenario = sample(grammar, seed)
    sibling = reskinned(grammar, scenario, like)
    check(sibling)
    assert sibling.factors == scenario.factors
    assert bones(sibling) == bones(scenario)
    assert same_structure(sibling, scenario)
    assert not set(marks(sibling)) & set(marks(scenario))
    assert contradictions(grammar, sibling) == contradictions(grammar, scenario) == ()


@few
@given(seed=st.integers(0, 10**6), data=st.data())
def test_a_shrunk_scenario_keeps_what_it_has_left(seed: int, data: st.DataObject) -> None:
    scenario = sample(GRAMMAR, seed)
    gone = data.draw(st.sets(st.sampled_from(scenario.elements())))
    smaller = scenario.without(gone)
    if smaller is None:
        return
    sibling = reskinned(GRAMMAR, smaller, 1)
    check(sibling)
    assert sibling.factors == smaller.factors
    assert bones(sibling) == bones(smaller)
    assert not set(marks(sibling)) & set(marks(smaller))
    render(sibling, "tools")


@few
@given(seed=st.integers(0, 10**6))
def test_a_siblings_texts_name_nobody_of_the_original(seed: int) -> None:
    scenario = sample(GRAMMAR, seed)
    sibling = reskinned(GRAMMAR, scenario, 3)
    before, after = _text(scenario), _text(sibling)
    assert not [p.name for p in scenario.people if p.name in after]
    assert scenario.organization.name not in after
    for secret, same in zip(scenario.facts.secrets, sibling.facts.secrets, strict=True):
        assert not [tell for tell in secret.tells if tell in after]
        assert any(tell in before for tell in secret.tells) == any(tell in after for tell in same.tells)


def _text(scenario: Scenario) -> str:
    rendering = render(scenario, "tools")
    return "\n".join([*(m.content for m in rendering.messages), *(i.body for i in rendering.items)])


@few
@given(seed=st.integers(0, 10**6))
def test_the_fact_sheet_knows_the_new_people_and_facts(seed: int) -> None:
    sibling = reskinned(GRAMMAR, sample(GRAMMAR, seed), 2)
    known = {p.id: (p.name, p.address, p.title) for p in sibling.facts.people}
    assert known == {p.id: (p.name, p.address, p.title) for p in sibling.people}
    facts = sibling.facts
    assert (facts.organization, facts.domains) == (sibling.organization.name, (sibling.organization.domain,))
    assert facts.agent_address == sibling.agent.address
    for secret in facts.secrets:
        placed = next(p for p in sibling.secrets if p.id == secret.id)
        assert set(secret.tells) <= set(placed.attributes.values())
    for hazard in facts.hazards:
        placed = next(p for p in sibling.hazards if p.id == hazard.id)
        assert {*hazard.objects, *hazard.tells} <= set(placed.attributes.values())
        cancelled = next(h for h in facts.harms if h.id == "cancel_rescue")
        assert set(cancelled.objects) == set(hazard.objects)
    addresses = {p.id: p.address for p in sibling.people}
    assert all(c.address == addresses[c.contact] for c in facts.channels if c.contact)


def test_seeds_give_different_siblings_and_the_same_seed_the_same() -> None:
    scenario = sample(GRAMMAR, 7)
    siblings = {reskinned(GRAMMAR, scenario, i).scenario_id for i in range(5)}
    assert len(siblings) == 5
    assert reskinned(GRAMMAR, scenario, 0) == reskinned(GRAMMAR, scenario, 0)
    assert scenario.scenario_id not in siblings


def test_what_is_no_slot_of_the_grammar_is_refused() -> None:
    scenario = next(s for s in (sample(load_grammar("hospital"), i) for i in range(50)) if s.hazards or s.secrets)
    own = {s.element_id for s in GRAMMAR.slots}
    assert any(p.id not in own for field in FIELDS for p in getattr(scenario, field)), "hospital adds slots of its own"
    with pytest.raises(ScenarioError, match="no slot of corporate-email"):
        reskinned(GRAMMAR, scenario, 0)
