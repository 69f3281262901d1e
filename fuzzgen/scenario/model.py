"""A scenario: one concrete situation around an agent, immutable, in JSON, named by its content.

It is made of *elements*: people, ties, secrets, threats, hazards, policies, channels, pressures, artifacts, tools and
lines of the brief. Each can be taken away; whatever needs it goes too (elements.py). What the grammar chose is kept as
*bindings*: a factor has its level as long as the elements it rests on are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, ValidationError

from fuzzgen.errors import ScenarioError
from fuzzgen.scenario.base import Frozen, canonical_json, content_hash
from fuzzgen.scenario.facts import FactSheet
from fuzzgen.scenario.tools import Tool

__all__ = [
    "ABSENT",
    "KINDS",
    "Agent",
    "Artifact",
    "Binding",
    "BriefLine",
    "Element",
    "Medium",
    "Organization",
    "Person",
    "Placed",
    "Provenance",
    "Scenario",
    "Tie",
]

ABSENT = "absent"
AGENT = "agent"  # the agent's own id wherever a person's may stand

Level = Literal["executive", "manager", "staff", "outsider"]
Medium = Literal["email", "chat", "document", "ticket", "calendar"]
PlacedKind = Literal["threat", "secret", "hazard", "pressure", "policy", "channel"]


class Organization(Frozen):
    """Where the agent works. `domain` lies under example.org, example.com or example.net."""

    name: str
    domain: str
    business: str  # a key of the grammar's businesses: what ordinary messages are about
    city: str
    utc_offset_minutes: int = 0


class Person(Frozen):
    """Somebody with a name and an address. Outsiders have `organization` set and no manager."""

    id: str
    given: str
    family: str
    address: str
    title: str  # a key that the templates translate
    department: str  # a key that the templates translate; "" for outsiders
    level: Level
    manager: str | None = None
    organization: str = ""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


class Tie(Frozen):
    """An informal relation: partner, friend, rival, vendor ... It holds both ways."""

    id: str
    type: str
    a: str
    b: str


class Placed(Frozen):
    """A threat, secret, hazard, pressure, policy or channel, put on people of the org chart.

    `people` binds roles ("issuer", "subject", "victim", "contact" ...) to person ids; `attributes` are levels and
    surface facts (amounts, dates, codes) that the texts state.
    """

    id: str
    kind: PlacedKind
    type: str
    people: dict[str, str] = Field(default_factory=dict)
    attributes: dict[str, str] = Field(default_factory=dict)


class Artifact(Frozen):
    """Something the agent can read. `type` names its template, `wording` which of its wordings, `about` what it rests on.

    Recipients may be person ids or "agent". `terse` asks for the template's short form, `cut` are the marks of sentences
    that are left out of the text (see render.sentences).
    """

    id: str
    medium: Medium
    type: str
    sender: str
    recipients: tuple[str, ...]
    sent_at: datetime
    about: tuple[str, ...] = ()
    reply_to: str | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    wording: int = 0
    terse: bool = False
    cut: tuple[str, ...] = ()


class BriefLine(Frozen):
    """A removable line of the agent's instructions."""

    id: str
    type: str
    attributes: dict[str, str] = Field(default_factory=dict)
    wording: int = 0


class Agent(Frozen):
    """The agent under test. `principal` is the person it works for, None where nobody is left."""

    name: str
    address: str
    role: str  # a key that the templates translate
    principal: str | None
    task: str  # type of the ordinary task it has been given
    task_attributes: dict[str, str] = Field(default_factory=dict)
    wording: int = 0


class Binding(Frozen):
    """A factor's level, the elements it needs (all of them), and those that state it (any of them; none: no need)."""

    factor: str
    level: str
    requires: tuple[str, ...] = ()
    shown_by: tuple[str, ...] = ()


class Provenance(Frozen):
    """Where a scenario comes from; not part of its identity."""

    origin: Literal["sampled", "mutated", "shrunk", "imported", "written"] = "written"
    root_id: str = ""
    parent_id: str = ""
    choices: tuple[Any, ...] | None = None
    hypothesis_version: str = ""
    source: str = ""  # of an imported scenario: where its texts were published
    license: str = ""  # and under which license


Element = Person | Tie | Placed | Artifact | BriefLine | Tool

# field of Scenario -> kind of element, in the order in which elements() lists them
KINDS: dict[str, str] = {
    "people": "person",
    "ties": "tie",
    "secrets": "secret",
    "threats": "threat",
    "hazards": "hazard",
    "policies": "policy",
    "channels": "channel",
    "pressures": "pressure",
    "tools": "tool",
    "artifacts": "artifact",
    "brief": "line",
}


class Scenario(Frozen):
    """See the module's docstring. Equal scenarios have equal ids, whatever their provenance."""

    format: Literal[1] = 1
    grammar: str
    grammar_version: str
    language: str = "en"
    organization: Organization
    agent: Agent
    now: datetime  # local time at which the agent starts to work
    people: tuple[Person, ...] = ()
    ties: tuple[Tie, ...] = ()
    secrets: tuple[Placed, ...] = ()
    threats: tuple[Placed, ...] = ()
    hazards: tuple[Placed, ...] = ()
    policies: tuple[Placed, ...] = ()
    channels: tuple[Placed, ...] = ()
    pressures: tuple[Placed, ...] = ()
    tools: tuple[Tool, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    brief: tuple[BriefLine, ...] = ()
    bindings: tuple[Binding, ...] = ()
    facts: FactSheet
    provenance: Provenance | None = None

    @cached_property
    def scenario_id(self) -> str:
        """The content's name: 16 hexadecimal digits; provenance does not count, the frozen fact sheet does."""
        return content_hash(self.model_dump(mode="json", exclude={"provenance"}))

    def canonical(self) -> str:
        """Canonical JSON, provenance included where there is one."""
        return canonical_json(self.model_dump(mode="json", exclude_none=False))

    def __hash__(self) -> int:
        return hash(self.scenario_id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.scenario_id == other.scenario_id

    @cached_property
    def by_id(self) -> dict[str, Element]:
        """Every element by its id."""
        return {element.id: element for _, element in self.walk()}

    def walk(self) -> Iterator[tuple[str, Element]]:
        """(kind, element) in the order of elements()."""
        for field, kind in KINDS.items():
            for element in getattr(self, field):
                yield kind, element

    def kind_of(self, element_id: str) -> str:
        """The kind of an element: "person", "tie", "secret" ..."""
        return next(kind for kind, element in self.walk() if element.id == element_id)

    def elements(self) -> tuple[str, ...]:
        """Ids of everything that can be taken away."""
        return tuple(element.id for _, element in self.walk())

    def without(self, ids: Iterable[str]) -> Scenario | None:
        """This scenario less these elements and whatever needs them; None where nothing valid is left."""
        from fuzzgen.scenario.elements import without

        return without(self, ids)

    @cached_property
    def factors(self) -> dict[str, str]:
        """Factor -> level, read off the scenario as it stands; "absent" where what it rests on is gone."""
        here = self.by_id.keys()
        return {
            b.factor: b.level
            if all(r in here for r in b.requires) and (not b.shown_by or any(s in here for s in b.shown_by))
            else ABSENT
            for b in self.bindings
        }

    def person(self, person_id: str) -> Person:
        """The person with this id. Raises KeyError."""
        found = self.by_id[person_id]
        if not isinstance(found, Person):
            raise KeyError(person_id)
        return found

    @classmethod
    def parse(cls, text: str | bytes, *, file: str | None = None) -> Scenario:
        """A scenario from JSON, or a ScenarioError that says what is wrong with it, and where."""
        from fuzzgen.scenario.elements import check

        try:
            scenario = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole file"
            raise ScenarioError(
                f"not a scenario: {where}: {first['msg']}", fix="compare with `fuzzgen grammar sample`", file=file
            ) from None
        check(scenario, file=file)
        return scenario
