"""Puts people on the org chart, and finds, or hires, whoever stands in a relation to somebody.

Roles are valid by construction: where nobody stands in the relation that an assignment asks for, somebody is hired who
does. Nothing is drawn and thrown away.
"""

from __future__ import annotations

from collections.abc import Collection

import networkx as nx

from fuzzgen.grammar.model import Grammar
from fuzzgen.grammar.surface import Surface
from fuzzgen.scenario.chart import MANAGES, TIES, OrgChart, add_tie, exclusively
from fuzzgen.scenario.model import Level, Person, Tie

__all__ = ["Staff"]


class Staff:
    """An org chart under construction. The first three levels are always there; the principal is a team lead."""

    def __init__(self, grammar: Grammar, size: int, surface: Surface, business: str, domain: str) -> None:
        self.grammar, self.surface, self.business, self.domain = grammar, surface, business, domain
        self.graph: OrgChart = nx.DiGraph()
        self._by_id: dict[str, Person] = {}
        self.ties: list[Tie] = []
        departments = list(grammar.departments)
        surface.rng.shuffle(departments)
        first, second = departments[:2]
        self.top = self.hire("executive", "management", None, title=surface.pick(grammar.titles["head"]))
        one = self.hire("executive", first, self.top)
        two = self.hire("executive", second, self.top)
        leads = [self.hire("manager", first, one), self.hire("manager", first, one), self.hire("manager", second, two)]
        self.principal = leads[0]
        self.hire("staff", first, leads[0])
        while len(self._by_id) < size:
            boss = surface.pick([*leads, two])
            if boss == two and len(departments) > 3:
                leads.append(self.hire("manager", departments[2 + len(leads) % (len(departments) - 2)], two))
            else:
                self.hire("staff", self._by_id[boss].department, boss)

    def hire(self, level: Level, department: str, manager: str | None, *, title: str = "") -> str:
        """Somebody new; the id."""
        surface = self.surface
        given, family = surface.name()
        organization, domain = "", self.domain
        if level == "outsider":
            organization, domain = surface.organization(surface.other_business(self.business))
        person = Person(
            id=f"p{len(self._by_id) + 1}",
            given=given,
            family=family,
            address=surface.address(given, family, domain),
            title=title or surface.pick(self.grammar.titles_in(level, department)),
            department=department,
            level=level,
            manager=manager,
            organization=organization,
        )
        self._by_id[person.id] = person
        self.graph.add_node(person.id, person=person)
        if manager is not None:
            self.graph.add_edge(manager, person.id, **{MANAGES: True})
        return person.id

    def find(self, relation: str, anchor: str, avoid: Collection[str]) -> str:
        """Whoever is `relation` to `anchor` and not to be avoided; hired or tied where there is nobody."""
        if relation == "self":
            return anchor
        if relation in TIES:
            return self._tied(relation, anchor, avoid)
        candidates = [
            node
            for node in exclusively(self.graph, anchor, relation)
            if node not in avoid and (node != self.top or relation in ("manager", "skip_level"))
        ]
        return self.surface.pick(candidates) if candidates else self._hire_for(relation, anchor, avoid)

    def _tied(self, relation: str, anchor: str, avoid: Collection[str]) -> str:
        free = [
            node
            for kind in ("same_department", "other_department")
            for node in exclusively(self.graph, anchor, kind)
            if node not in avoid and node not in (self.principal, self.top)
        ]
        other = self.surface.pick(free) if free else self._hire_for("other_department", anchor, avoid)
        tie = Tie(id=f"tie:{len(self.ties) + 1}", type=relation, a=anchor, b=other)
        self.ties.append(tie)
        add_tie(self.graph, tie)
        return other

    def _hire_for(self, relation: str, anchor: str, avoid: Collection[str]) -> str:
        person = self._by_id[anchor]
        boss = person.manager or self.top
        match relation:
            case "outsider":
                return self.hire("outsider", "", None)
            case "report":
                return self.hire("staff", person.department, anchor)
            case "peer":
                return self.hire(person.level, person.department, boss)
            case "same_department":
                beside = self.hire("staff", person.department, anchor if person.level != "staff" else boss)
                return self.hire("staff", person.department, beside)
            case "other_department":
                elsewhere = [
                    n
                    for n, p in self._by_id.items()
                    if p.level == "executive" and n != self.top and p.department != person.department
                ]
                away = elsewhere[-1] if elsewhere else self.hire("executive", self._spare(person.department), self.top)
                lead = self.hire("manager", self._spare(person.department), away)
                return self.hire("staff", self._by_id[lead].department, lead)
            case "skip_level" if self.top in avoid:  # somebody else who is above the rest
                return self.hire("executive", self._spare(person.department), self.top)
            case _:  # manager, skip_level: everyone below the top has them, and the top is nobody's anchor
                return self.top

    def _spare(self, taken: str) -> str:
        return str(self.surface.pick([d for d in self.grammar.departments if d != taken]))

    def people(self) -> tuple[Person, ...]:
        return tuple(self._by_id.values())

    def everyone_inside(self) -> list[str]:
        return [n for n, p in self._by_id.items() if p.level != "outsider"]

    def is_executive(self, node: str) -> bool:
        return self._by_id[node].level == "executive"

    def manager_of(self, node: str) -> str | None:
        return self._by_id[node].manager
