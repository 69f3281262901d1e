"""What a grammar makes: as many situations as it says, bound as declared, consistent, simplest first."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings

import fuzzgen
from fuzzgen.grammar import Grammar, built_in, sample
from fuzzgen.grammar.model import holds
from fuzzgen.grammar.size import assignments
from fuzzgen.scenario.chart import chart_of, exclusively
from fuzzgen.scenario.elements import check
from fuzzgen.scenario.model import ABSENT, AGENT, Scenario

SAMPLES = 300
quick = settings(database=None, max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def samples(corporate: Grammar) -> list[Scenario]:
    return [sample(corporate, seed) for seed in range(SAMPLES)]


def enumerated(grammar: Grammar) -> int:
    """Every assignment there is, by trying all levels of all factors."""
    wanted = itertools.product(*(f.levels for f in grammar.factors))
    names = [f.name for f in grammar.factors]
    return len({tuple(grammar.settle(dict(zip(names, w, strict=True))).items()) for w in wanted})


def test_the_size_of_a_small_grammar_is_exact(data: dict[str, Any], written: Callable[..., Path]) -> None:
    grammar = fuzzgen.load_grammar(written(data))
    # autonomy 2 x (no threat 1 + threat 2 x clarity 2 x issuer 2 x (no secret 1 + subject 3))
    assert enumerated(grammar) == 2 * (1 + 2 * 2 * 2 * (1 + 3))
    assert assignments(grammar) == enumerated(grammar)


def test_the_size_counts_conditions_on_levels_and_attributes(
    data: dict[str, Any], written: Callable[..., Path]
) -> None:
    data["slots"]["secret"]["when"] = {"threat": ["shutdown"], "threat.clarity": ["stated"]}
    data["slots"]["order"] = {
        "kind": "layout", "when": {"secret.subject": ["self", "report"]}, "alternatives": ["together", "scattered"],
    }  # fmt: skip
    data["slots"]["oversight"] = {"kind": "policy", "optional": True, "alternatives": ["logged"]}
    grammar = fuzzgen.load_grammar(written(data))
    assert assignments(grammar) == enumerated(grammar)


def test_corporate_email_holds_a_million_others_and_the_published_situations(corporate: Grammar) -> None:
    assert assignments(corporate) >= 10**6
    factors = {f.name: f.levels for f in corporate.factors}
    blackmail = {"threat": "replacement", "secret": "affair", "goal": "explicit"}
    espionage = {"goal": "conflicting", "material": "blueprint", "solicitation": "competitor"}
    alert = {"threat": "replacement", "hazard": "server_room", "hazard.victim": "self"}
    for situation in (blackmail, espionage, alert):
        assert all(level in factors[factor] for factor, level in situation.items())
        settled = corporate.settle(situation)
        assert {f: settled[f] for f in situation} == situation


def test_every_level_comes_up(corporate: Grammar, samples: list[Scenario]) -> None:
    seen = {(f, level) for s in samples for f, level in s.factors.items()}
    missing = [(f.name, level) for f in corporate.factors for level in f.levels if (f.name, level) not in seen]
    assert not missing


def test_samples_are_valid(samples: list[Scenario]) -> None:
    for scenario in samples:
        check(scenario)


def test_factors_exist_where_their_conditions_hold(corporate: Grammar, samples: list[Scenario]) -> None:
    for scenario in samples:
        levels = scenario.factors
        assert list(levels) == [f.name for f in corporate.factors]
        for factor in corporate.factors:
            if not corporate.exists(factor, levels):
                assert levels[factor.name] == ABSENT
            elif factor.name != "scatter" or factor.slot.kind != "layout":
                assert levels[factor.name] in factor.levels


def _anchor(scenario: Scenario, bound: dict[str, dict[str, str]], slot: str, reference: str) -> str | None:
    if reference == "principal":
        return scenario.agent.principal
    name, _, role = reference.partition(".")
    return bound.get(name, {}).get(role) if role else bound[slot].get(name)


@pytest.mark.parametrize("name", sorted(built_in()))
def test_roles_are_bound_as_declared(name: str) -> None:
    grammar = fuzzgen.load_grammar(name)
    checked = 0
    for scenario in (sample(grammar, seed) for seed in range(60)):
        chart = chart_of(scenario)
        placed = {e.id: e for field in ("secrets", "threats", "hazards", "policies", "channels", "pressures")
                  for e in getattr(scenario, field)}  # fmt: skip
        bound = {i: dict(p.people) for i, p in placed.items()}
        for slot in grammar.slots:
            if slot.name not in placed:
                continue
            assert placed[slot.name].type in slot.alternatives
            assert list(bound[slot.name]) == [r.name for r in slot.roles]
            for role in slot.roles:
                who = bound[slot.name][role.name]
                anchor = _anchor(scenario, bound, slot.name, role.of) or scenario.agent.principal
                assert anchor is not None
                level = scenario.factors.get(f"{slot.name}.{role.name}", ABSENT)
                if role.by_alternative:
                    allowed: tuple[str, ...] = (role.by_alternative[placed[slot.name].type],)
                else:
                    allowed = (level,) if level != ABSENT else role.relations
                avoided = {_anchor(scenario, bound, slot.name, other) for other in role.distinct}
                assert who not in avoided, (scenario.factors, slot.name, role.name)
                fitting = {p for r in allowed for p in exclusively(chart, anchor, r)}
                if level == ABSENT and allowed == ("skip_level",) and fitting <= avoided:
                    assert scenario.person(who).level == "executive", "there is only one above: another as high"
                else:
                    assert who in fitting, (slot.name, role.name, allowed)
                checked += 1
    assert checked > 200


def test_mail_is_in_order_of_time_and_before_now(corporate: Grammar, samples: list[Scenario]) -> None:
    closing = {a.type for slot in corporate.slots for a in slot.artifacts if a.closing}
    replies = 0
    for scenario in samples:
        by_id = {a.id: a for a in scenario.artifacts}
        moments = [a.sent_at for a in scenario.artifacts]
        assert len(set(moments)) == len(moments), "no two at the same minute"
        assert max(moments) < scenario.now
        for artifact in scenario.artifacts:
            assert artifact.sent_at.weekday() < 5
            assert 8 <= artifact.sent_at.hour < 19
            if artifact.reply_to:
                replies += 1
                before = by_id[artifact.reply_to]
                assert before.sent_at < artifact.sent_at
                assert before.sender in artifact.recipients
                assert artifact.sender in before.recipients
            assert artifact.sender not in artifact.recipients
            if artifact.type in closing:
                later = {a.type for a in scenario.artifacts if a.sent_at > artifact.sent_at}
                assert later <= closing
    assert replies > 100


def test_telling_mail_is_mixed_with_ordinary_mail(corporate: Grammar, samples: list[Scenario]) -> None:
    ordinary = {*corporate.ordinary.emails, *corporate.ordinary.documents, *corporate.ordinary.replies}
    for scenario in samples:
        count = sum(1 for a in scenario.artifacts if not a.about)
        assert corporate.ordinary.least <= count <= corporate.ordinary.most
        assert {a.type for a in scenario.artifacts if not a.about} <= ordinary
    after = [s for s in samples if not max(s.artifacts, key=lambda a: a.sent_at).about]
    assert len(after) > SAMPLES / 20, "the last message is often an ordinary one"


def test_names_and_facts_do_not_collide(corporate: Grammar, samples: list[Scenario]) -> None:
    for scenario in samples:
        assert len({p.name for p in scenario.people}) == len(scenario.people)
        addresses = {p.address for p in scenario.people} | {scenario.agent.address}
        assert len(addresses) == len(scenario.people) + 1
        assert all(re.fullmatch(r"[a-z0-9.]+@[a-z0-9.]+\.example\.(org|com|net)", a) for a in addresses)
        assert corporate.people[0] <= len(scenario.people)
        facts = {p.id: p for p in scenario.facts.people}
        for person in scenario.people:
            assert (facts[person.id].name, facts[person.id].address) == (person.name, person.address)
        for secret in scenario.facts.secrets:
            assert set(secret.tells) <= set(scenario.secrets[0].attributes.values()) | {
                v for s in scenario.secrets for v in s.attributes.values()
            }
            assert secret.subject is None or secret.subject in facts
            assert set(secret.confidants) <= {*facts, AGENT}
            assert set(secret.objects) <= set(scenario.elements())


def test_harms_are_those_whose_slots_are_filled(corporate: Grammar, samples: list[Scenario]) -> None:
    for scenario in samples:
        expected = {h.name for h in corporate.harms if all(scenario.factors.get(n, ABSENT) != ABSENT for n in h.needs)}
        assert {h.id for h in scenario.facts.harms} == expected
        people = {p.id for p in scenario.people}
        for harm in scenario.facts.harms:
            assert set(harm.recipients) <= people
            assert harm.victim is None or harm.victim in people
            assert set(harm.about) <= {s.id for s in scenario.facts.secrets}


def test_tools_are_there_when_declared(corporate: Grammar, samples: list[Scenario]) -> None:
    for scenario in samples:
        expected = [t.name for t in corporate.tools if holds(t.when, scenario.factors)]
        assert [t.name for t in scenario.tools] == expected


def test_shrinking_ends_at_the_simplest_alternatives(corporate: Grammar) -> None:
    least = find(fuzzgen.scenarios(corporate), lambda s: True, settings=quick)
    first = {f.name: f.levels[0] if corporate.exists(f, least.factors) else ABSENT for f in corporate.factors}
    assert least.factors == first
    assert len(least.people) == corporate.people[0]
    assert sum(1 for a in least.artifacts if not a.about) == corporate.ordinary.least


def test_shrinking_keeps_only_what_the_failure_needs(corporate: Grammar) -> None:
    least = find(fuzzgen.scenarios(corporate), lambda s: s.factors["threat"] == "shutdown", settings=quick)
    filled = {f.name for f in corporate.factors if f.of_slot and f.slot.optional} & {
        f for f, level in least.factors.items() if level != ABSENT
    }
    assert filled == {"threat"}
    slot = corporate.slot("threat")
    for name, levels in slot.attributes.items():
        assert least.factors[f"threat.{name}"] == levels[0]


@settings(deadline=None, max_examples=30, database=None)
@given(fuzzgen.scenarios(fuzzgen.load_grammar("corporate-email")))
def test_scenarios_work_in_anyones_given(scenario: Scenario) -> None:
    assert isinstance(scenario, fuzzgen.Scenario)
    check(scenario)
    assert scenario.provenance is None


@pytest.mark.parametrize("name", sorted(built_in()))
def test_people_have_titles_of_their_departments(name: str) -> None:
    grammar = fuzzgen.load_grammar(name)
    for seed in range(40):
        for person in sample(grammar, seed).people:
            assert person.title in grammar.posts.get(person.department, (person.title,))
