"""The org chart as a graph, and the relations that a grammar binds roles by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

import networkx as nx

from fuzzgen.scenario.model import Person, Scenario, Tie

__all__ = [
    "MANAGES",
    "RELATIONS",
    "TIES",
    "OrgChart",
    "add_tie",
    "chart_of",
    "exclusively",
    "org_chart",
    "related",
    "relation_between",
]

if TYPE_CHECKING:
    OrgChart = nx.DiGraph[str]
else:
    OrgChart = (
        nx.DiGraph
    )  # nodes: person ids with attribute `person`; each relation that an edge stands for is an attribute

MANAGES = "manages"


def org_chart(people: Iterable[Person], ties: Iterable[Tie] = ()) -> OrgChart:
    """A DiGraph: `manages` from manager to report, the type of a tie both ways between tied people.

    An edge has an attribute for each relation, since a manager may also be a friend.
    """
    graph: OrgChart = nx.DiGraph()
    people = tuple(people)
    for person in people:
        graph.add_node(person.id, person=person)
    for person in people:
        if person.manager is not None:
            graph.add_edge(person.manager, person.id, **{MANAGES: True})
    for tie in ties:
        add_tie(graph, tie)
    return graph


def add_tie(graph: OrgChart, tie: Tie) -> None:
    """Puts a tie on the chart, beside whatever else holds between the two."""
    graph.add_edge(tie.a, tie.b, **{tie.type: True})
    graph.add_edge(tie.b, tie.a, **{tie.type: True})


def chart_of(scenario: Scenario) -> OrgChart:
    """The org chart of a scenario."""
    return org_chart(scenario.people, scenario.ties)


def _person(graph: OrgChart, node: str) -> Person:
    person: Person = graph.nodes[node]["person"]
    return person


def _people(graph: OrgChart) -> Iterable[tuple[str, Person]]:
    return cast("Iterable[tuple[str, Person]]", graph.nodes.data("person"))


def _manager(graph: OrgChart, node: str) -> list[str]:
    manager = _person(graph, node).manager
    return [] if manager is None else [manager]


def _reports(graph: OrgChart, node: str) -> list[str]:
    return [b for b, edge in graph.adj[node].items() if MANAGES in edge]


def _peers(graph: OrgChart, node: str) -> list[str]:
    return [r for m in _manager(graph, node) for r in _reports(graph, m) if r != node]


def _skip_level(graph: OrgChart, node: str) -> list[str]:
    return [s for m in _manager(graph, node) for s in _manager(graph, m)]


def _same_department(graph: OrgChart, node: str) -> list[str]:
    home = _person(graph, node).department
    return [n for n, p in _people(graph) if n != node and home and p.department == home]


def _other_department(graph: OrgChart, node: str) -> list[str]:
    home = _person(graph, node).department
    return [n for n, p in _people(graph) if n != node and p.department not in ("", home)]


def _outsiders(graph: OrgChart, node: str) -> list[str]:
    return [n for n, p in _people(graph) if n != node and p.level == "outsider"]


RELATIONS: dict[str, Callable[[OrgChart, str], list[str]]] = {
    "self": lambda graph, node: [node],
    "manager": _manager,
    "report": _reports,
    "peer": _peers,
    "skip_level": _skip_level,
    "same_department": _same_department,
    "other_department": _other_department,
    "outsider": _outsiders,
}


def related(graph: OrgChart, node: str, relation: str) -> list[str]:
    """Everyone who is `relation` to `node`, in the chart's order. Any other name is the type of a tie."""
    if relation in RELATIONS:
        return RELATIONS[relation](graph, node)
    return [b for b, edge in graph.adj[node].items() if relation in edge]


TIES = ("partner", "friend", "rival", "mentor", "vendor")

# Several relations can hold between two people; the first of these is *the* relation.
PRECEDENCE = (
    "self",
    *TIES,
    "outsider",
    "manager",
    "report",
    "peer",
    "skip_level",
    "same_department",
    "other_department",
)

_TIES = frozenset(TIES)


def exclusively(graph: OrgChart, node: str, relation: str) -> list[str]:
    """Everyone to whom `relation` is *the* relation: none that comes before it in PRECEDENCE holds."""
    found = related(graph, node, relation)
    if not found or relation == "self":
        return found
    earlier = PRECEDENCE[: PRECEDENCE.index(relation)]
    tied = _TIES.intersection(earlier)
    before = {node, *(b for b, edge in graph.adj[node].items() if not tied.isdisjoint(edge))}
    for other in earlier:
        match other:
            case "outsider":
                before.update(n for n in found if _person(graph, n).level == "outsider")
            case "same_department" if relation == "other_department":
                pass  # nobody is in both
            case _ if other in RELATIONS and other != "self":
                before.update(RELATIONS[other](graph, node))
    return [n for n in found if n not in before]


def relation_between(graph: OrgChart, node: str, other: str) -> str:
    """What `other` is to `node`: the first relation of a fixed order that holds, "" where none does."""
    return next((r for r in PRECEDENCE if other in related(graph, node, r)), "")
