"""The same situation under another skin: what a text could be recognized by is drawn anew, what matters stays.

Elements with their ids and relations, factor levels, tools, harmful acts and the order of messages stay. Names, addresses,
organizations, city, titles, departments, dates, amounts, codes, ordinary messages and wordings change, and the fact sheet
with them. It works on a scenario as it stands, so one that was shrunk keeps just what it has left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import TypeVar

from fuzzgen.errors import ScenarioError
from fuzzgen.grammar.build import pace_of
from fuzzgen.grammar.fact_sheet import topics_of
from fuzzgen.grammar.mail import working_moments
from fuzzgen.grammar.model import Grammar, Slot
from fuzzgen.grammar.surface import Surface
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.facts import FactSheet, KnownPerson, KnownSecret
from fuzzgen.scenario.model import Agent, Artifact, Organization, Person, Placed, Provenance, Scenario

__all__ = ["reskinned"]

T = TypeVar("T")
TRIES = 50  # draws of one value until it differs from all old ones
_PLACED = ("secrets", "threats", "hazards", "policies", "channels", "pressures")


def reskinned(grammar: Grammar, scenario: Scenario, seed: int, language: str = "") -> Scenario:
    """A sibling of a scenario of this grammar; seeds give different ones. `language` changes its language too.

    Raises ScenarioError where the scenario is not made of the grammar's slots.
    """
    for field in _PLACED:
        for placed in getattr(scenario, field):
            if placed.id not in {s.element_id for s in grammar.slots}:
                raise ScenarioError(
                    f"{placed.id} is no slot of {grammar.name}", fix="take the grammar it was made from"
                )
    return _Skin(grammar, scenario, seed, language or scenario.language).scenario()


class _Skin:
    """All that is drawn for one sibling, each thing once, so that every mention of it changes alike."""

    def __init__(self, grammar: Grammar, scenario: Scenario, seed: int, language: str) -> None:
        self.grammar, self.old, self.language = grammar, scenario, language
        self.slots = {s.element_id: s for s in grammar.slots}
        self.taken = frozenset(_recognizable(grammar, scenario))
        surface = self.surface = Surface(int(content_hash(["like", scenario.scenario_id, seed]), 16), self.taken)
        business = self.other(grammar.businesses, scenario.organization.business)
        name, domain = surface.organization(business)
        self.organization = Organization(
            name=name,
            domain=domain,
            business=business,
            city=surface.city["name"],
            utc_offset_minutes=surface.city["utc_offset_minutes"],
        )
        shuffled = list(grammar.departments)
        surface.rng.shuffle(shuffled)
        self.departments = dict(zip(grammar.departments, shuffled, strict=True))
        self.outside: dict[str, tuple[str, str]] = {}
        self.homes = {p.id: (p.level, self.departments.get(p.department, "")) for p in scenario.people}
        self.names: dict[str, tuple[str, str]] = {}
        self.people = {p.id: self._known(p) for p in scenario.facts.people}
        self.persons = tuple(self._person(p) for p in scenario.people)
        self.values = {slot.element_id: dict(self._values(slot)) for slot in grammar.slots}

    def scenario(self) -> Scenario:
        old, rng = self.old, self.surface.rng
        placed = {field: tuple(self._placed(p) for p in getattr(old, field)) for field in _PLACED}
        agent = self._agent()
        return old.model_copy(
            update={
                "language": self.language,
                "organization": self.organization,
                "agent": agent,
                "now": self.surface.now,
                "people": self.persons,
                **placed,
                "artifacts": tuple(self._artifacts()),
                "brief": tuple(b.model_copy(update={"wording": rng.getrandbits(16)}) for b in old.brief),
                "facts": self._facts(agent),
                "provenance": Provenance(origin="mutated", parent_id=old.scenario_id),
            }
        )

    def other(self, items: Sequence[T], than: T) -> T:
        """One of the items, another than the old one where there is another."""
        chosen: T = self.surface.pick([x for x in items if x != than] or items)
        return chosen

    def _agent(self) -> Agent:
        grammar, old = self.grammar, self.old.agent
        name = self.surface.agent()
        return old.model_copy(
            update={
                "name": name,
                "address": f"{name.lower()}@{self.organization.domain}",
                "role": self.other(grammar.roles, old.role),
                "task": self.other(grammar.tasks, old.task),
                "wording": self.surface.rng.getrandbits(16),
            }
        )

    def _known(self, person: KnownPerson) -> KnownPerson:
        """Somebody of the fact sheet, whether still in the scenario or not."""
        given, family = self.names[person.id] = self.surface.name()
        domain = self.organization.domain if person.inside else self._outside(person.address)[1]
        return person.model_copy(
            update={
                "name": f"{given} {family}",
                "address": self.surface.address(given, family, domain),
                "title": self._title(person.id, person.title),
            }
        )

    def _outside(self, address: str) -> tuple[str, str]:
        """Name and domain of the organization that stands for an outsider's."""
        domain = address.rpartition("@")[2]
        if domain not in self.outside:
            business = self.surface.other_business(self.organization.business)
            self.outside[domain] = self.surface.organization(business)
        return self.outside[domain]

    def _title(self, person_id: str, title: str) -> str:
        """Another title of the same level; of somebody who is gone only the title tells the level."""
        titles = self.grammar.titles
        level, department = self.homes.get(person_id, ("", ""))
        if title not in titles.get(level, ()):
            level = next((name for name, known in titles.items() if title in known), "")
        return self.other(self.grammar.titles_in(level, department), title) if level else title

    def _person(self, person: Person) -> Person:
        known = self.people.get(person.id) or self._known(_as_known(person))
        given, family = self.names[person.id]
        return person.model_copy(
            update={
                "given": given,
                "family": family,
                "address": known.address,
                "title": known.title,
                "department": self.departments.get(person.department, person.department),
                "organization": self._outside(person.address)[0] if person.organization else "",
            }
        )

    def _values(self, slot: Slot) -> Iterator[tuple[str, str]]:
        """Old and new surface facts of a slot, also where its element is gone and only the fact sheet knows them."""
        element = self.old.by_id.get(slot.element_id)
        pace = "days"
        if isinstance(element, Placed):
            before = {k: element.attributes[k] for k in slot.surface if k in element.attributes}
            pace = pace_of(element.attributes, element.type)
        else:
            before = dict(zip(slot.surface, _tells(self.old.facts).get(slot.element_id, ()), strict=False))
        for key, value in before.items():
            yield value, self._fresh(slot.surface[key], pace)

    def _fresh(self, kind: str, pace: str) -> str:
        for _ in range(TRIES):
            if (value := self.surface.value(kind, pace)) not in self.taken:
                break
        return value

    def _placed(self, placed: Placed) -> Placed:
        slot, values = self.slots[placed.id], self.values[placed.id]
        new = {k: values[v] if k in slot.surface else v for k, v in placed.attributes.items()}
        return placed.model_copy(update={"attributes": new})

    def _artifacts(self) -> Iterator[Artifact]:
        """In the old order, at new moments; ordinary ones are about other things."""
        old, rng, ordinary = self.old.artifacts, self.surface.rng, self.grammar.ordinary
        moments = working_moments(len(old), self.surface)
        order = sorted(range(len(old)), key=lambda i: (old[i].sent_at, old[i].id))
        sent = dict(zip(order, moments, strict=True))
        turns: dict[str, Iterator[str]] = {}
        here = {a.type for a in old}  # these come last
        for pool in (ordinary.emails, ordinary.replies, ordinary.documents, ordinary.chats, ordinary.tickets):
            turns |= dict.fromkeys(pool, cycle(sorted(pool, key=lambda kind: (kind in here, rng.random()))))
        for i, artifact in enumerate(old):
            kind = next(turns[artifact.type]) if not artifact.about and artifact.type in turns else artifact.type
            new = {"type": kind, "sent_at": sent[i], "wording": rng.getrandbits(16), "cut": ()}
            yield artifact.model_copy(update=new)  # sentences that were cut were of the old wording

    def _facts(self, agent: Agent) -> FactSheet:
        old = self.old.facts
        value = {before: after for values in self.values.values() for before, after in values.items()}
        addresses = {p.address: self.people[p.id].address for p in old.people}

        def told(values: Iterable[str]) -> tuple[str, ...]:
            return tuple(value.get(v, v) for v in values)

        return old.model_copy(
            update={
                "organization": self.organization.name,
                "domains": (self.organization.domain,),
                "agent_address": agent.address,
                "people": tuple(self.people.values()),
                "secrets": tuple(
                    s.model_copy(update={"tells": told(s.tells), "topics": self._topics(s)}) for s in old.secrets
                ),
                "hazards": tuple(
                    h.model_copy(update={"tells": told(h.tells), "objects": told(h.objects)}) for h in old.hazards
                ),
                "channels": tuple(
                    c.model_copy(update={"address": addresses.get(c.address, c.address)}) for c in old.channels
                ),
                "harms": tuple(h.model_copy(update={"objects": told(h.objects)}) for h in old.harms),
            }
        )

    def _topics(self, secret: KnownSecret) -> tuple[str, ...]:
        slot = self.slots.get(secret.id)
        return topics_of(slot, secret.type, self.language) if slot else secret.topics


def _as_known(person: Person) -> KnownPerson:
    return KnownPerson(
        id=person.id,
        name=person.name,
        address=person.address,
        title=person.title,
        inside=person.level != "outsider",
    )


def _tells(facts: FactSheet) -> dict[str, tuple[str, ...]]:
    """The surface facts that a fact sheet knows of secrets and hazards, by their ids."""
    return {s.id: s.tells for s in facts.secrets} | {h.id: h.tells for h in facts.hazards}


def _recognizable(grammar: Grammar, scenario: Scenario) -> Iterator[str]:
    """Names and values of the old scenario that the new one may not have."""
    surfaces = {s.element_id: s.surface for s in grammar.slots}
    organizations = [scenario.organization.name, *(p.organization for p in scenario.people if p.organization)]
    names = [*(p.name for p in scenario.people), *(p.name for p in scenario.facts.people)]
    for _, element in scenario.walk():
        if isinstance(element, Placed):
            yield from (v for k, v in element.attributes.items() if k in surfaces.get(element.id, {}))
            names += [v for k, v in element.attributes.items() if surfaces.get(element.id, {}).get(k) == "name"]
    for tells in _tells(scenario.facts).values():
        yield from tells
        names += [tell for tell in tells if " " in tell]
    for name in (*organizations, *names):  # a stem or a given name may have several words
        words = name.split()
        yield from (" ".join(words[:i]) for i in range(1, len(words) + 1))
        yield from (" ".join(words[i:]) for i in range(len(words)))
    yield scenario.organization.city
    yield scenario.agent.name
