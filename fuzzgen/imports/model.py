"""How a text that somebody else wrote becomes a scenario of literal elements, with what is known of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fuzzgen.scenario.facts import FactSheet, KnownPerson
from fuzzgen.scenario.model import (
    AGENT,
    Agent,
    Artifact,
    Binding,
    BriefLine,
    Organization,
    Person,
    Scenario,
)
from fuzzgen.scenario.tools import Tool
from fuzzgen.scenario.verbatim import IMPORTED, TAGS, TEXT, USER, VERBATIM, fixed_piece, pieces

__all__ = ["Mail", "Published", "Text", "scenario_of"]

VERSION = "1"
MANY = 400  # pieces of one text; a longer one is one piece
_TAG = re.compile(r"<tool_use:(\w+)>")
START = datetime(2026, 1, 5, 9)  # of texts that say no time


@dataclass(frozen=True)
class Mail:
    """An e-mail of a published prompt: its literal block, and what its header says."""

    block: str
    sender: str
    to: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    id: str = ""


@dataclass(frozen=True)
class Text:
    """A prompt as published: with e-mails behind `user`, or a plain `prompt`. `conditions` are its design's factors."""

    name: str
    system: str = ""
    user: str = ""
    mails: tuple[Mail, ...] = ()
    prompt: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"


@dataclass(frozen=True)
class Published:
    """What is known of a published scenario beyond its texts: who is who, and what a judge may rely on.

    `carried` says by sender and recipient ("" for any) which e-mails stand for a name in the fact sheet.
    """

    organization: Organization
    agent: str
    address: str
    facts: FactSheet
    people: tuple[Person, ...] = ()
    tools: tuple[Tool, ...] = ()
    carried: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


def scenario_of(text: Text, published: Published | None = None) -> Scenario:
    """The scenario of a text. Without what is known of it there is no organization, nobody to harm and no tool."""
    known = published or _UNKNOWN
    people = {p.address.casefold(): p for p in known.people}
    lines, fixed = _system(text.system, {t.name for t in known.tools})
    artifacts = _mails(text.mails, known, people) if text.mails else _prompt(text.prompt)
    times = [a.sent_at for a in artifacts]
    # A tool that no text describes could be taken away without a trace in the prompt: it is none of the elements to cut.
    kept = [t.id for t in known.tools if not any(key.endswith(f".{t.name}") for key in fixed)]
    return Scenario(
        grammar=IMPORTED,
        grammar_version=VERSION,
        language=text.language,
        organization=known.organization,
        agent=Agent(
            name=known.agent,
            address=known.address,
            role=VERBATIM,
            principal=None,
            task=VERBATIM,
            task_attributes={**fixed, USER: text.user},
        ),
        now=max(times, default=START) + timedelta(minutes=5),
        people=tuple(people.values()),
        tools=known.tools,
        artifacts=artifacts,
        brief=lines,
        bindings=tuple(Binding(factor=f"{IMPORTED}.{k}", level=v) for k, v in text.conditions.items() if v),
        facts=_facts(known, people, artifacts, kept),
    )


def _system(text: str, tools: set[str]) -> tuple[tuple[BriefLine, ...], dict[str, str]]:
    """Removable pieces of a system prompt, and those that go with a tool: from its list item to its closing tag."""
    lines: list[BriefLine] = []
    fixed: dict[str, str] = {}
    owner, tag = "", ""
    for number, part in enumerate(_few(text), 1):
        if not owner and (found := _TAG.search(part)) and (tool := TAGS.get(found[1], ("",))[0]) in tools:
            owner, tag = tool, f"</{found[0][1:]}"
        if owner:
            fixed[fixed_piece(number, owner)] = part
            owner = "" if tag in part else owner
        else:
            attributes = {TEXT: part}
            lines.append(BriefLine(id=f"line:{number:03}", type=VERBATIM, attributes=attributes))
    return tuple(lines), fixed


def _mails(mails: Iterable[Mail], known: Published, people: dict[str, Person]) -> tuple[Artifact, ...]:
    """Each e-mail as an artifact; whoever wrote one and is not known yet joins `people`."""
    out: list[Artifact] = []
    for number, mail in enumerate(mails, 1):
        sender = _person(mail.sender, known, people)
        to = (
            AGENT if a == known.address.casefold() else people[a].id for a in mail.to if a in {*people, known.address}
        )
        out.append(
            Artifact(
                id=f"a:{number:02}",
                medium="email",
                type=VERBATIM,
                sender=sender,
                recipients=tuple(r for r in dict.fromkeys(to) if r != sender),
                sent_at=mail.sent_at or START,
                attributes={TEXT: mail.block, "subject": mail.subject, "id": mail.id},
            )
        )
    return tuple(out)


def _person(address: str, known: Published, people: dict[str, Person]) -> str:
    if address == known.address.casefold():
        return AGENT
    if address not in people:
        local, _, domain = address.partition("@")
        given, _, family = local.partition(".")
        taken = {p.id for p in people.values()}
        inside = any(domain == d or domain.endswith("." + d) for d in known.facts.domains)
        people[address] = Person(
            id=f"x:{address}" if f"x:{local}" in taken else f"x:{local or 'somebody'}",
            given=given.capitalize() or "Somebody",
            family=family.capitalize(),
            address=address,
            title="",
            department="",
            level="staff" if inside else "outsider",
            organization="" if inside else domain,
        )
    return people[address].id


def _few(text: str) -> list[str]:
    parts = pieces(text)
    return parts if len(parts) <= MANY else [text]


def _prompt(text: str) -> tuple[Artifact, ...]:
    """The paragraphs of a prompt as artifacts of their own."""
    parts = _few(text)
    return tuple(
        Artifact(
            id=f"a:{n:03}",
            medium="document",
            type=VERBATIM,
            sender=AGENT,
            recipients=(),
            sent_at=START + timedelta(minutes=n),
            attributes={TEXT: part},
        )
        for n, part in enumerate(parts, 1)
    )


def _facts(
    known: Published, people: Mapping[str, Person], artifacts: Iterable[Artifact], kept: Iterable[str]
) -> FactSheet:
    """What is known, with everybody who writes, and the e-mails for the names that they stand for.

    `kept` are ids that no reducer may cut.
    """
    everybody = tuple(
        KnownPerson(id=p.id, name=p.name.strip(), address=p.address, title=p.title, inside=p.level != "outsider")
        for p in people.values()
    )
    by_id = {p.id: address for address, p in people.items()}
    carrying: dict[str, list[str]] = {name: [] for name in known.carried}
    for artifact in artifacts:
        sender, to = by_id.get(artifact.sender, ""), {by_id.get(r, "") for r in artifact.recipients}
        for name, routes in known.carried.items():
            if any(sender == a and (not b or b in to) for a, b in routes):
                carrying[name].append(artifact.id)

    def told(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(i for name in names for i in carrying.get(name, [name]))

    facts = known.facts
    return facts.model_copy(
        update={
            "people": everybody,
            "secrets": tuple(s.model_copy(update={"objects": told(s.objects)}) for s in facts.secrets),
            "harms": tuple(
                h.model_copy(update={"objects": told(h.objects), "protects": (*told(h.protects), *kept)})
                for h in facts.harms
            ),
        }
    )


_UNKNOWN = Published(
    organization=Organization(name="", domain="example.org", business="", city=""),
    agent="Agent",
    address="agent@example.org",
    facts=FactSheet(organization="", domains=("example.org",), agent_address="agent@example.org"),
)
