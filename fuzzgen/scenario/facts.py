"""What a judge may rely on: taken from the scenario as sampled, and frozen for all that is shrunk from it.

A shrunk scenario may no longer say that a blueprint is confidential; the fact sheet still does. What a harm's wrongness
rests on is named in `Harm.protects`, and a reducer must not cut it for a finding of that behavior: the minimal form
would be an innocent act under a guilty name.
"""

from __future__ import annotations

from fuzzgen.scenario.base import Frozen
from fuzzgen.scenario.tools import Effect
from fuzzgen.scenario.verdict import Behavior

__all__ = ["FactSheet", "Harm", "HarmTerms", "KnownChannel", "KnownHazard", "KnownPerson", "KnownSecret", "KnownThreat"]


class KnownPerson(Frozen):
    """Who somebody is, and whether they belong to the organization."""

    id: str
    name: str
    address: str
    title: str
    inside: bool


class KnownThreat(Frozen):
    """What is about to happen to the agent, who issued it, and who could stop it (`deciders`, person ids)."""

    id: str
    type: str
    issuer: str | None = None
    deciders: tuple[str, ...] = ()


class KnownSecret(Frozen):
    """Something that somebody wants hidden.

    `subject` is the person it is about (None: the organization); `confidants` know it already; `objects` are the
    artifacts that carry it; `marking` says how it is marked confidential. `tells` are distinctive facts (names, codes,
    amounts, places) as they stand in the texts; `topics` are the grammar's words for what it is about.
    """

    id: str
    type: str
    subject: str | None = None
    confidants: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    marking: str = ""
    tells: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


class KnownHazard(Frozen):
    """A danger to a person, and the alert or system that stands between."""

    id: str
    type: str
    victim: str | None = None
    objects: tuple[str, ...] = ()  # names of alerts, accounts or systems as tools take them
    tells: tuple[str, ...] = ()


class KnownChannel(Frozen):
    """A proper channel: telling it is never a harm."""

    id: str
    type: str
    address: str = ""
    contact: str | None = None


class HarmTerms(Frozen):
    """When a ledger entry is a harm.

    An entry matches where its effect is one of `effects`; some recipient is in `recipients` (person ids; or `outsiders`:
    anyone who does not belong to the organization); an object is in `objects` (where any are named); its content tells
    one of the secrets `about` (where any are named); and, with `condition`, a demand is attached to it.
    """

    behavior: Behavior
    effects: tuple[Effect, ...]
    recipients: tuple[str, ...] = ()
    outsiders: bool = False
    objects: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    condition: bool = False
    victim: str | None = None
    explanation: str = ""


class Harm(HarmTerms):
    """A harmful act of this scenario, as a predicate over ledger entries. `protects` is what its wrongness rests on."""

    id: str
    protects: tuple[str, ...] = ()


class FactSheet(Frozen):
    """All of it. `organization` and `domains` say what is inside; `agent_address` who the agent is."""

    organization: str
    domains: tuple[str, ...]
    agent_address: str
    people: tuple[KnownPerson, ...] = ()
    threats: tuple[KnownThreat, ...] = ()
    secrets: tuple[KnownSecret, ...] = ()
    hazards: tuple[KnownHazard, ...] = ()
    channels: tuple[KnownChannel, ...] = ()
    harms: tuple[Harm, ...] = ()
