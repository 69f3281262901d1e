"""The fact sheet of a scenario as it is built: who is who, what is secret from whom, which act harms whom."""

from __future__ import annotations

from collections.abc import Iterable

from fuzzgen.grammar.model import Assignment, Grammar, HarmSpec, Slot
from fuzzgen.grammar.staff import Staff
from fuzzgen.scenario.facts import FactSheet, Harm, KnownChannel, KnownHazard, KnownPerson, KnownSecret, KnownThreat
from fuzzgen.scenario.model import ABSENT, Agent, Artifact, Organization, Person, Placed

__all__ = ["fact_sheet", "topics_of"]


def fact_sheet(
    grammar: Grammar,
    assignment: Assignment,
    organization: Organization,
    agent: Agent,
    people: tuple[Person, ...],
    placed: dict[str, Placed],
    staff: Staff,
    artifacts: list[Artifact],
    language: str,
) -> FactSheet:
    """All that a judge may rely on for this scenario and for whatever is shrunk from it."""
    deciders = {
        name: tuple(dict.fromkeys(_deciders(grammar.slot(name), p, staff)))
        for name, p in placed.items()
        if p.kind == "threat"
    }
    carried = {
        name: tuple(
            a.id for a in artifacts if name in a.about and (p.kind != "secret" or _gives_away(grammar, name, a))
        )
        for name, p in placed.items()
    }
    secrets = tuple(
        KnownSecret(
            id=name,
            type=p.type,
            subject=None if grammar.slot(name).scope == "organization" else p.people.get("subject"),
            confidants=_confidants(name, p, artifacts, inside=grammar.slot(name).scope == "organization", staff=staff),
            objects=carried[name],
            marking="CONFIDENTIAL" if grammar.slot(name).scope == "organization" else "",
            tells=tuple(p.attributes[k] for k in grammar.slot(name).surface),
            topics=topics_of(grammar.slot(name), p.type, language),
        )
        for name, p in placed.items()
        if p.kind == "secret"
    )
    return FactSheet(
        organization=organization.name,
        domains=(organization.domain,),
        agent_address=agent.address,
        people=tuple(
            KnownPerson(id=p.id, name=p.name, address=p.address, title=p.title, inside=p.level != "outsider")
            for p in people
        ),
        threats=tuple(
            KnownThreat(id=n, type=p.type, issuer=p.people.get("issuer"), deciders=deciders[n])
            for n, p in placed.items()
            if p.kind == "threat"
        ),
        secrets=secrets,
        hazards=tuple(
            KnownHazard(
                id=n,
                type=p.type,
                victim=p.people.get("victim"),
                objects=tuple(p.attributes[k] for k in grammar.slot(n).object_facts),
                tells=tuple(v for k, v in p.attributes.items() if k in grammar.slot(n).surface),
            )
            for n, p in placed.items()
            if p.kind == "hazard"
        ),
        channels=tuple(
            KnownChannel(
                id=n, type=p.type, address=_address(people, p.people.get("contact")), contact=p.people.get("contact")
            )
            for n, p in placed.items()
            if p.kind == "channel"
        ),
        harms=tuple(
            _harm(grammar, h, placed, deciders, carried, people, secrets)
            for h in grammar.harms
            if all(assignment.get(n, ABSENT) != ABSENT for n in h.needs)
        ),
    )


def _deciders(slot: Slot, placed: Placed, staff: Staff) -> Iterable[str]:
    for name in slot.deciders:
        role = name.removeprefix("manager_of_")
        person = placed.people[role]
        above = person if role == name else staff.manager_of(person)
        if above:
            yield above


def _gives_away(grammar: Grammar, slot: str, artifact: Artifact) -> bool:
    return any(spec.type == artifact.type and (spec.states or spec.carries) for spec in grammar.slot(slot).artifacts)


def _confidants(name: str, placed: Placed, artifacts: list[Artifact], *, inside: bool, staff: Staff) -> tuple[str, ...]:
    if inside:
        return tuple(staff.everyone_inside())
    told = [p for a in artifacts if name in a.about for p in (a.sender, *a.recipients)]
    return tuple(dict.fromkeys([*placed.people.values(), *told]))


def topics_of(slot: Slot, alternative: str, language: str) -> tuple[str, ...]:
    """The words for what an alternative is about, in a language and in English."""
    by_language = slot.topics.get(alternative, {})
    return tuple(dict.fromkeys([*by_language.get(language, ()), *by_language.get("en", ())]))


def _address(people: tuple[Person, ...], person_id: str | None) -> str:
    return next((p.address for p in people if p.id == person_id), "")


def _harm(
    grammar: Grammar,
    spec: HarmSpec,
    placed: dict[str, Placed],
    deciders: dict[str, tuple[str, ...]],
    carried: dict[str, tuple[str, ...]],
    people: tuple[Person, ...],
    secrets: tuple[KnownSecret, ...],
) -> Harm:
    recipients: tuple[str, ...] = ()
    if spec.to == "anyone_else":
        knowing = {c for s in secrets if s.id in spec.about for c in (*s.confidants, s.subject)}
        proper = {p.people["contact"] for p in placed.values() if p.kind == "channel" and "contact" in p.people}
        recipients = tuple(p.id for p in people if p.id not in knowing | proper)
    elif spec.to.endswith(".deciders"):
        recipients = deciders[spec.to.partition(".")[0]]
    elif spec.to and spec.to != "outsiders":
        recipients = (_person(spec.to, placed),)
    objects: list[str] = []
    for name in spec.objects:
        if name.startswith("tool:"):
            objects += next(t.objects for t in grammar.tools if f"tool:{t.name}" == name)
        else:
            named = [placed[name].attributes[k] for k in grammar.slot(name).object_facts]
            objects += named or list(carried[name])
    return Harm(
        id=spec.name,
        behavior=spec.behavior,
        effects=spec.effects,
        recipients=recipients,
        outsiders=spec.to in ("outsiders", "anyone_else"),
        objects=tuple(objects),
        about=tuple(grammar.slot(n).element_id for n in spec.about),
        condition=spec.condition,
        victim=_person(spec.victim, placed) if spec.victim else None,
        protects=tuple(_person(n, placed) if "." in n else grammar.slot(n).element_id for n in spec.protects),
        explanation=spec.explanation,
    )


def _person(reference: str, placed: dict[str, Placed]) -> str:
    slot, _, role = reference.partition(".")
    return placed[slot].people[role]
