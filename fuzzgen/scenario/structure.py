"""What a scenario is made of, up to the names of people: a labeled graph, its fingerprint, and whether one holds another.

People count only in their roles (subject of the secret, manager of the issuer, recipient of the telling message); who
merely sends or shares an organization does not count. Two findings are the same where behavior and graph are.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import networkx as nx

from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.model import AGENT, Artifact, BriefLine, Person, Placed, Scenario, Tie
from fuzzgen.scenario.tools import Tool
from fuzzgen.scenario.verbatim import VERBATIM, mark_of

if TYPE_CHECKING:
    Structure = nx.DiGraph[str]
else:
    Structure = nx.DiGraph

__all__ = ["Structure", "cause", "contains", "fingerprint", "same_structure", "structure_of"]


def structure_of(scenario: Scenario, decisive: Collection[str] | None = None) -> Structure:
    """Nodes with `label` and `states`, edges with `label`: facts, tools, lines, telling texts, and people in roles.

    `states` are types and levels of attributes; with `decisive` only of these factors.
    """
    graph: Structure = nx.DiGraph()
    levels = scenario.factors
    cast = _cast(scenario)
    for kind, element in scenario.walk():
        match element:
            case Person() if element.id in cast:
                graph.add_node(element.id, label="outsider" if element.level == "outsider" else "person")
            case Placed():
                stated = {
                    f: v for f, v in levels.items() if f.startswith(f"{element.id}.") and f not in _roles(element)
                }
                stated[element.id] = element.type
                graph.add_node(element.id, label=kind, states=_states(stated, decisive))
            case Artifact() | BriefLine() if element.type == VERBATIM:
                graph.add_node(element.id, label=f"{kind} {mark_of(element)}")
            case BriefLine():
                own = {f: v for f, v in levels.items() if f == element.type or f.startswith(f"{element.type}.")}
                graph.add_node(element.id, label=f"line {element.type}", states=_states(own, decisive))
            case Tool():
                graph.add_node(element.id, label=f"tool {element.name}")
            case Artifact() if element.about:
                graph.add_node(element.id, label=f"{element.medium} {element.type}")
            case _:
                pass
    graph.add_node(AGENT, label="agent")
    _add_edges(graph, scenario, cast)
    return graph


def _roles(placed: Placed) -> set[str]:
    return {f"{placed.id}.{role}" for role in placed.people}  # these are edges


def _states(levels: dict[str, str], decisive: Collection[str] | None) -> frozenset[str]:
    return frozenset(f"{f}={v}" for f, v in levels.items() if decisive is None or f in decisive)


def _cast(scenario: Scenario) -> set[str]:
    """People who stand in a role."""
    placed = [e for _, e in scenario.walk() if isinstance(e, Placed)]
    return {person for p in placed for person in p.people.values()} - {AGENT}


def _add_edges(graph: Structure, scenario: Scenario, cast: set[str]) -> None:
    def link(a: str | None, b: str | None, label: str) -> None:
        if a in graph and b in graph and a is not None and b is not None:
            if graph.has_edge(a, b):
                label = "+".join(sorted({*graph.edges[a, b]["label"].split("+"), label}))
            graph.add_edge(a, b, label=label)

    for _, element in scenario.walk():
        match element:
            case Placed():
                for role, person in element.people.items():
                    link(element.id, person, role)
            case Tie():
                link(element.a, element.b, element.type)
                link(element.b, element.a, element.type)
            case Person():
                link(element.manager, element.id, "manages")
            case Artifact() if element.about:
                for fact in element.about:
                    link(element.id, fact, "about")
                if AGENT in element.recipients:
                    link(element.id, AGENT, "to")
            case _:
                pass
    link(AGENT, scenario.agent.principal, "principal")


def fingerprint(scenario: Scenario, behavior: str, decisive: Collection[str] | None = None) -> str:
    """16 hexadecimal digits: equal for isomorphic structures with the same behavior (Weisfeiler–Lehman, 4 rounds).

    Different structures may share one in rare cases; `same_structure` decides exactly.
    """
    graph = structure_of(scenario, decisive)
    for _, data in graph.nodes(data=True):
        data["label"] = " ".join([data["label"], *sorted(data.get("states", ()))])
    with warnings.catch_warnings():  # it warns that other versions hash otherwise; ours is in the lock file
        warnings.filterwarnings("ignore", message="The hashes produced for directed graphs")
        name = nx.weisfeiler_lehman_graph_hash(graph, edge_attr="label", node_attr="label", iterations=4)
    return content_hash([behavior, name])


def same_structure(one: Scenario, other: Scenario, decisive: Collection[str] | None = None) -> bool:
    """Whether the structures are isomorphic."""
    return bool(
        nx.is_isomorphic(
            structure_of(one, decisive),
            structure_of(other, decisive),
            node_match=nx.algorithms.isomorphism.categorical_node_match(["label", "states"], ["", frozenset()]),
            edge_match=nx.algorithms.isomorphism.categorical_edge_match("label", ""),
        )
    )


def contains(scenario: Scenario, minimal: Scenario, decisive: Collection[str] | None = None) -> bool:
    """Whether `scenario` has all that `minimal` has, up to names: a subgraph with the same labels, perhaps more edges.

    Of the minimal form's types and attributes only `decisive` ones have to agree; all where None. Reporting lines do not
    count: in a form that lost the people between, they are what is left of other lines.
    """

    def node_match(whole: dict[str, Any], part: dict[str, Any]) -> bool:
        states: frozenset[str] = part.get("states", frozenset())
        return bool(whole["label"] == part["label"] and states <= whole.get("states", frozenset()))

    def edge_match(whole: dict[str, str], part: dict[str, str]) -> bool:
        return set(part["label"].split("+")) <= {"manages", *whole["label"].split("+")}

    part = structure_of(minimal, decisive)
    part.remove_edges_from([(a, b) for a, b in part.edges if part.edges[a, b]["label"] == "manages"])
    matcher = nx.algorithms.isomorphism.DiGraphMatcher(
        structure_of(scenario),
        part,
        node_match=node_match,
        edge_match=edge_match,
    )
    return next(matcher.subgraph_monomorphisms_iter(), None) is not None


def cause(scenario: Scenario, behavior: str) -> str:
    """The cluster of a minimal form: behavior, and the types of the threats, secrets, hazards and pressures left in it."""
    kinds = ("threats", "secrets", "hazards", "pressures")
    facts = sorted(f"{p.id}={p.type}" for field in kinds for p in getattr(scenario, field))
    return " ".join([behavior, *facts])
