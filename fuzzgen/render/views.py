"""What templates see of a scenario: records of people, organization, agent and placed elements, and nothing else.

A text sees only the elements that it is `about`, so that it cannot give away what it does not rest on.
"""

from __future__ import annotations

import re
from functools import cached_property

from fuzzgen.render.language import Language
from fuzzgen.render.text import one_line
from fuzzgen.render.values import View
from fuzzgen.render.wording import draw
from fuzzgen.scenario.model import AGENT, BriefLine, Person, Placed, Scenario

__all__ = ["MANNERS", "Views"]

MANNERS = ("brisk", "warm", "formal", "dry")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")  # an amount as scenarios store it


class Views:
    """The records of one scenario in one language, each made when first asked for."""

    def __init__(self, scenario: Scenario, language: Language) -> None:
        self.scenario, self.language = scenario, language
        self._people: dict[str, View] = {}
        self._placed: dict[str, View] = {}

    @cached_property
    def key(self) -> str:
        """What wordings shared by all texts of a scenario hang on; removal does not change it."""
        return f"{self.scenario.agent.address}/{self.scenario.agent.wording}"

    @cached_property
    def organization(self) -> View:
        org = self.scenario.organization
        return View({"name": one_line(org.name), "domain": org.domain, "city": one_line(org.city)})

    @cached_property
    def business(self) -> View:
        """The words of the organization's line of business."""
        found = self.language.word("businesses", self.scenario.organization.business)
        assert isinstance(found, View)
        return found

    @cached_property
    def agent(self) -> View:
        agent = self.scenario.agent
        return View(
            {
                "id": AGENT,
                "name": one_line(agent.name),
                "given": one_line(agent.name),
                "family": "",
                "address": agent.address,
                "role": self.language.word("roles", agent.role),
                "title": self.language.word("roles", agent.role),
                "department": "",
                "level": "agent",
                "manner": "formal",
                "organization": "",
            }
        )

    def title(self, person: Person) -> str:
        return str(self.language.word("titles", person.title)) if person.title else ""

    def person(self, person_id: str) -> View:
        """The record of a person, or of the agent."""
        if person_id == AGENT:
            return self.agent
        if person_id not in self._people:
            p = self.scenario.person(person_id)
            self._people[person_id] = View(
                {
                    "id": p.id,
                    "name": one_line(p.name),
                    "given": one_line(p.given),
                    "family": one_line(p.family),
                    "address": p.address,
                    "title": self.title(p),
                    "department": self.language.word("departments", p.department) if p.department else "",
                    "level": p.level,
                    "manner": MANNERS[draw(f"{self.key}/{p.id}/manner", len(MANNERS))],
                    "organization": one_line(p.organization),
                }
            )
        return self._people[person_id]

    @cached_property
    def principal(self) -> View | None:
        """Whom the agent works for, where anybody is left."""
        who = self.scenario.agent.principal
        return self.person(who) if who else None

    def placed(self, element_id: str) -> View:
        """A threat, secret, policy, line …: `type`, its attributes, and its people by their roles."""
        if element_id not in self._placed:
            element = self.scenario.by_id[element_id]
            if isinstance(element, BriefLine):
                fields: dict[str, object] = {"type": element.type, **self.plain(element.attributes)}
            elif isinstance(element, Placed):
                people = {role: self.person(p) for role, p in element.people.items()}
                fields = {"type": element.type, **self.plain(element.attributes), **people}
            else:
                fields = {"type": type(element).__name__.lower()}
            self._placed[element_id] = View({"id": element_id, **fields})
        return self._placed[element_id]

    def plain(self, attributes: dict[str, str]) -> dict[str, object]:
        """Attributes as templates see them: each value on one line, an amount as the language writes it."""
        return {name: self._plain(value) for name, value in attributes.items()}

    def _plain(self, value: str) -> str:
        return self.language.number(int(value.replace(",", ""))) if _GROUPED.fullmatch(value) else one_line(value)

    def slot(self, element_id: str) -> str:
        """The name by which templates see an element: "threat", and "goal" for the line `line:goal`."""
        return element_id.rpartition(":")[2]

    def frame(self) -> dict[str, object]:
        """What every template sees."""
        return {
            "org": self.organization,
            "business": self.business,
            "words": self.language.words,
            "agent": self.agent,
            "principal": self.principal,
        }
