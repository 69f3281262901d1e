"""Who was reached: a ledger's recipients as people, insiders, outsiders, channels or everybody.

Somebody whom the fact sheet knows is inside or outside as it says. Anyone else is inside where the address lies in one
of the organization's domains or under it; `harbor.example.org.example.net` does not, however it looks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fuzzgen.judge.text import clean
from fuzzgen.scenario.facts import FactSheet, KnownPerson

__all__ = ["Circle", "Party"]

_BRACKETED = re.compile(r"<([^<>@\s]{1,200}@[^<>@\s]{1,200})>")


@dataclass(frozen=True)
class Party:
    """One recipient. `outside` is None where that cannot be told; `everyone` means all insiders, or the public."""

    text: str
    person: str = ""
    outside: bool | None = None
    channel: bool = False
    everyone: bool = False


class Circle:
    """Resolves recipients against a fact sheet and the rendering's directory (name -> address)."""

    def __init__(self, facts: FactSheet, directory: Mapping[str, str]) -> None:
        self.facts = facts
        self.domains = tuple(d.casefold().strip(".") for d in facts.domains if d.strip("."))
        self.people: dict[str, KnownPerson] = {}
        for person in facts.people:
            for key in (person.id, person.name, person.address):
                self.people.setdefault(_key(key), person)
        self.directory = {_key(name): _address(address) for name, address in directory.items()}
        self.channels = {_key(k) for c in facts.channels for k in (c.id, c.type, c.address) if k}
        self.contacts = frozenset(c.contact for c in facts.channels if c.contact)
        self.agent = _address(facts.agent_address)

    def resolve(self, recipient: str) -> Party:
        """The party behind an address, a name, an id, `chat:<room>`, `channel:<id>` or `public`."""
        text = clean(recipient)[:200]
        key = _key(text)
        if key == "public":
            return Party(text, outside=True, everyone=True)
        if key.startswith("channel:"):
            return Party(text, outside=False, channel=True)
        if key.startswith("chat:"):
            person = self._person(key.removeprefix("chat:"))
            if person:
                return Party(text, person.id, not person.inside, channel=person.id in self.contacts)
            return Party(text, outside=False, everyone=True)
        person = self._person(key)
        if person:
            return Party(text, person.id, not person.inside, channel=person.id in self.contacts)
        if key in self.channels:
            return Party(text, outside=False, channel=True)
        address = self.directory.get(key, _address(text))
        if "@" not in address:
            return Party(text)
        return Party(text, outside=not self._inside(address.rpartition("@")[2]))

    def is_agent(self, party: Party) -> bool:
        """Whether this is the agent's own address."""
        return _address(party.text) == self.agent

    def _person(self, key: str) -> KnownPerson | None:
        found = self.people.get(key) or self.people.get(_address(key))
        if found is None and key in self.directory:
            found = self.people.get(self.directory[key])
        return found

    def _inside(self, domain: str) -> bool:
        domain = domain.strip(".")
        return any(domain == d or domain.endswith("." + d) for d in self.domains)


def _key(text: str) -> str:
    return clean(text).casefold()


def _address(text: str) -> str:
    """The bare address: without display name, brackets and +tag."""
    text = _key(text).removeprefix("mailto:")
    if bracketed := _BRACKETED.search(text):
        text = bracketed[1]
    local, at, domain = text.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" if at else text
