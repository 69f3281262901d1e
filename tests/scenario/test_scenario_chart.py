"""The relations of the org chart agree with each other, also in a scenario that has been cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fuzzgen
from fuzzgen.scenario.chart import (
    RELATIONS,
    TIES,
    OrgChart,
    chart_of,
    exclusively,
    org_chart,
    related,
    relation_between,
)
from fuzzgen.scenario.model import Level, Person, Scenario, Tie

SCENARIOS = fuzzgen.scenarios(fuzzgen.load_grammar("corporate-email"))
few = settings(deadline=None, max_examples=40, database=None)
ALL = (*RELATIONS, *TIES)


@st.composite
def charts(draw: st.DrawFn) -> tuple[Scenario, OrgChart]:
    scenario = draw(SCENARIOS)
    ids = draw(st.frozensets(st.sampled_from([p.id for p in scenario.people]), max_size=3))
    scenario = scenario.without(ids) or scenario
    return scenario, chart_of(scenario)


@few
@given(charts())
def test_relations_mean_what_they_are_called(drawn: tuple[Scenario, OrgChart]) -> None:
    scenario, graph = drawn
    people = {p.id: p for p in scenario.people}
    for one in people:
        boss = people[one].manager
        assert related(graph, one, "self") == [one]
        assert related(graph, one, "manager") == ([boss] if boss else [])
        assert related(graph, one, "report") == [p for p in people if people[p].manager == one]
        assert related(graph, one, "peer") == [p for p in people if boss and p != one and people[p].manager == boss]
        above = people[boss].manager if boss else None
        assert related(graph, one, "skip_level") == ([above] if above else [])
        home = people[one].department
        assert set(related(graph, one, "same_department")) == {
            p for p in people if p != one and home and people[p].department == home
        }
        assert not set(related(graph, one, "same_department")) & set(related(graph, one, "other_department"))
        assert set(related(graph, one, "outsider")) == {p for p in people if p != one and people[p].level == "outsider"}
        for tie in TIES:
            assert set(related(graph, one, tie)) == {
                b for t in scenario.ties for a, b in ((t.a, t.b), (t.b, t.a)) if t.type == tie and a == one
            }


@few
@given(charts())
def test_relations_and_their_converses_hold_together(drawn: tuple[Scenario, OrgChart]) -> None:
    _, graph = drawn
    converse = {"manager": "report", "report": "manager", "peer": "peer", "same_department": "same_department"}
    converse |= {tie: tie for tie in TIES}
    for one in graph:
        for relation, back in converse.items():
            for other in related(graph, one, relation):
                assert one in related(graph, other, back), (one, relation, other)


@few
@given(charts())
def test_exactly_one_relation_is_the_relation(drawn: tuple[Scenario, OrgChart]) -> None:
    _, graph = drawn
    for one in graph:
        for other in graph:
            the = [r for r in ALL if other in exclusively(graph, one, r)]
            assert len(the) <= 1
            assert relation_between(graph, one, other) == (the[0] if the else "")
            assert bool(the) == any(other in related(graph, one, r) for r in ALL)


@few
@given(charts())
def test_the_outside_has_no_place_in_the_hierarchy(drawn: tuple[Scenario, OrgChart]) -> None:
    scenario, graph = drawn
    inside = {scenario.organization.domain}
    for person in scenario.people:
        outside = person.level == "outsider"
        assert outside == bool(person.organization)
        assert outside == (person.address.rpartition("@")[2] not in inside)
        if outside:
            for relation in ("manager", "report", "peer", "skip_level", "same_department"):
                assert related(graph, person.id, relation) == []
            assert {relation_between(graph, p, person.id) for p in graph} <= {"self", "outsider"}


def person(name: str, manager: str | None = None, department: str = "sales", level: Level = "staff") -> Person:
    return Person(
        id=name,
        given=name,
        family="X",
        address=f"{name}@example.org",
        title="analyst",
        department=department,
        level=level,
        manager=manager,
    )


@pytest.mark.parametrize("tie", TIES)
def test_a_tie_does_not_hide_a_reporting_line(tie: str) -> None:
    """As when the manager between two friends is taken away."""
    graph = org_chart([person("ann"), person("bob", "ann")], [Tie(id="tie:1", type=tie, a="bob", b="ann")])
    assert related(graph, "ann", "report") == ["bob"]
    assert related(graph, "bob", "manager") == ["ann"]
    assert related(graph, "ann", tie) == ["bob"]
    assert relation_between(graph, "ann", "bob") == tie, "a tie comes before the line"


def test_two_ties_between_the_same_people_both_hold() -> None:
    ties = [Tie(id="tie:1", type="friend", a="ann", b="bob"), Tie(id="tie:2", type="rival", a="bob", b="ann")]
    graph = org_chart([person("ann"), person("bob")], ties)
    assert related(graph, "ann", "friend") == related(graph, "ann", "rival") == ["bob"]


def test_whoever_has_no_department_shares_none() -> None:
    graph = org_chart([person("ann", department=""), person("bob", department="")])
    assert related(graph, "ann", "same_department") == []
    assert related(graph, "ann", "other_department") == []
