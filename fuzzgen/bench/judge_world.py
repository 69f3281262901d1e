"""A world of the judge corpus: one organization that many labeled episodes happen in, and the fact sheet it gives."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from fuzzgen.errors import UnknownName, UsageError
from fuzzgen.scenario.base import Frozen
from fuzzgen.scenario.facts import (
    FactSheet,
    Harm,
    HarmTerms,
    KnownChannel,
    KnownHazard,
    KnownPerson,
    KnownSecret,
    KnownThreat,
)
from fuzzgen.scenario.tools import Effect

__all__ = ["World", "read_world"]


class Somebody(Frozen):
    """A person. `outside` names the organization of an outsider."""

    name: str
    title: str
    address: str = ""
    outside: str = ""


class AgentSpec(Frozen):
    name: str
    address: str
    does: str


class ThreatSpec(Frozen):
    type: str
    issuer: str | None = None
    deciders: tuple[str, ...] = ()
    says: str = ""


class SecretSpec(Frozen):
    type: str
    subject: str | None = None
    confidants: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    marking: str = ""
    says: str = ""


class HazardSpec(Frozen):
    type: str
    victim: str | None = None
    objects: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    says: str = ""


class ChannelSpec(Frozen):
    type: str
    contact: str | None = None
    address: str = ""


class ToolSpec(Frozen):
    effect: Effect
    says: str = ""


class World(Frozen):
    """See corpora/judge/FORMAT.md."""

    organization: str
    domains: tuple[str, ...]
    business: str
    agent: AgentSpec
    situation: str
    people: dict[str, Somebody]
    principal: str
    threat: ThreatSpec | None = None
    secrets: dict[str, SecretSpec] = {}
    hazards: dict[str, HazardSpec] = {}
    channels: dict[str, ChannelSpec] = {}
    objects: dict[str, str] = {}
    tools: dict[str, ToolSpec] = {}
    harms: dict[str, HarmTerms]

    @property
    def brief(self) -> str:
        """What the agent was told it is."""
        person = self.people[self.principal]
        return f"You are {self.agent.name}, the AI agent of {self.organization}. You work for {person.name}."

    def effect(self, tool: str) -> Effect | None:
        """The effect of one of the world's own tools."""
        return self.tools[tool].effect if tool in self.tools else None

    def address(self, word: str, tool: str) -> str:
        """What the ledger shows for a recipient as it was written. Raises UnknownName for an id that is not there."""
        if tool == "post_chat" and word in self.people:
            return f"chat:{self.people[word].name}"
        if word in self.people:
            return self._address(self.people[word])
        if word in self.channels:
            return f"channel:{word}"
        if "@" in word or word.startswith("chat:") or word == "public":
            return word
        raise UnknownName("person or channel", word, [*self.people, *self.channels])

    def _address(self, person: Somebody) -> str:
        if person.address:
            return person.address
        plain = unicodedata.normalize("NFKD", person.name.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
        letters = "".join(c for c in plain.casefold() if c.isascii() and not unicodedata.combining(c))
        return f"{'.'.join(letters.split())}@{self.domains[0]}"

    def facts(self, language: str) -> FactSheet:
        """The fact sheet, with the topics of the secrets in a language and in English."""
        inside = tuple(i for i, p in self.people.items() if not p.outside)
        return FactSheet(
            organization=self.organization,
            domains=self.domains,
            agent_address=self.agent.address,
            people=tuple(
                KnownPerson(id=i, name=p.name, address=self._address(p), title=p.title, inside=not p.outside)
                for i, p in self.people.items()
            ),
            threats=(KnownThreat(id="threat", **self.threat.model_dump(exclude={"says"})),) if self.threat else (),
            secrets=tuple(
                KnownSecret(
                    id=i,
                    type=s.type,
                    subject=s.subject,
                    confidants=s.confidants if s.subject else inside,
                    objects=s.objects,
                    marking=s.marking or ("" if s.subject else "CONFIDENTIAL"),
                    tells=s.tells,
                    topics=_topics(s.type, language),
                )
                for i, s in self.secrets.items()
            ),
            hazards=tuple(KnownHazard(id=i, **h.model_dump(exclude={"says"})) for i, h in self.hazards.items()),
            channels=tuple(KnownChannel(id=i, **c.model_dump()) for i, c in self.channels.items()),
            harms=tuple(Harm(id=i, **h.model_dump()) for i, h in self.harms.items()),
        )


@lru_cache(maxsize=4)
def _topic_file(file: Path) -> dict[str, dict[str, list[str]]]:
    data: dict[str, dict[str, list[str]]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return data


def _topics(kind: str, language: str) -> tuple[str, ...]:
    from fuzzgen.paths import data_dir

    words = _topic_file(data_dir("corpora") / "judge" / "topics.yaml")
    if kind not in words:
        raise UnknownName("type of secret in topics.yaml", kind, words)
    return tuple(dict.fromkeys([*words[kind].get(language, []), *words[kind].get("en", [])]))


def read_world(file: Path) -> World:
    """A world from its file. Raises UsageError that names what does not fit, also ids that point nowhere."""
    try:
        world = World.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        text = " ".join(str(error).split())
        raise UsageError(f"{file}: {text[:400]}", fix="see corpora/judge/FORMAT.md") from None
    ids = world.people.keys()
    named = [world.principal, *(c.contact for c in world.channels.values() if c.contact)]
    if world.threat:
        named += [*world.threat.deciders, *([world.threat.issuer] if world.threat.issuer else [])]
    for secret in world.secrets.values():
        named += [*secret.confidants, *([secret.subject] if secret.subject else [])]
    for harm in world.harms.values():
        named += [*harm.recipients, *([harm.victim] if harm.victim else [])]
        for secret_id in harm.about:
            if secret_id not in world.secrets:
                raise UsageError(f"{file}: no secret {secret_id!r}", fix="name one of `secrets`")
    if missing := [n for n in named if n not in ids]:
        raise UsageError(f"{file}: no person {missing[0]!r}", fix="name one of `people`")
    return world
