"""Taking parts of a scenario away.

Laws (property-tested): removal strictly shrinks; ids are stable; `without(a).without(b) == without(a | b)`; removing
nothing changes nothing; every result is a valid scenario. They hold because everything that follows from a removal is
a monotone function of the set removed: an element goes when *some* element that it needs is gone, an artifact also when
*all* its recipients are; a reporting line moves to the nearest manager who is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from fuzzgen.errors import ScenarioError
from fuzzgen.scenario.model import AGENT, KINDS, Artifact, Element, Person, Placed, Scenario, Tie

__all__ = ["check", "closure", "needs", "protected", "without"]


def needs(element: Element) -> frozenset[str]:
    """Ids without any one of which this element cannot stay. A reply does not need what it answers."""
    match element:
        case Tie():
            return frozenset({element.a, element.b})
        case Placed():
            return frozenset(element.people.values()) - {AGENT}
        case Artifact():
            return (frozenset(element.about) | {element.sender}) - {AGENT}
        case _:
            return frozenset()


def closure(scenario: Scenario, ids: Iterable[str]) -> frozenset[str]:
    """These ids and all that cannot stay without them. Unknown ids are ignored."""
    gone = set(ids) & scenario.by_id.keys()
    while True:
        more = {
            element.id
            for _, element in scenario.walk()
            if element.id not in gone
            and (
                needs(element) & gone
                or (isinstance(element, Artifact) and element.recipients and set(element.recipients) <= gone)
            )
        }
        if not more:
            return frozenset(gone)
        gone |= more


def without(scenario: Scenario, ids: Iterable[str]) -> Scenario | None:
    """The scenario less `ids` and what needs them; None where the agent would have nothing left to read."""
    gone = closure(scenario, ids)
    if not gone:
        return scenario
    managers = {p.id: p.manager for p in scenario.people}

    def left(person: str | None) -> str | None:
        while person is not None and person in gone:
            person = managers.get(person)
        return person

    update: dict[str, object] = {
        field: tuple(e for e in getattr(scenario, field) if e.id not in gone) for field in KINDS if field != "people"
    }
    update["people"] = tuple(
        p if p.manager not in gone else p.model_copy(update={"manager": left(p.manager)})
        for p in scenario.people
        if p.id not in gone
    )
    update["artifacts"] = tuple(_trim(a, gone) for a in scenario.artifacts if a.id not in gone)
    if not update["artifacts"]:
        return None
    if scenario.agent.principal in gone:
        update["agent"] = scenario.agent.model_copy(update={"principal": left(scenario.agent.principal)})
    return scenario.model_copy(update={**update, "provenance": _shrunk(scenario)})


def _shrunk(scenario: Scenario) -> object:
    """Provenance of what is cut from `scenario`: its root is that of the parent."""
    from fuzzgen.scenario.model import Provenance

    parent = scenario.provenance
    root = parent.root_id if parent and parent.root_id else scenario.scenario_id
    return Provenance(origin="shrunk", root_id=root, parent_id=scenario.scenario_id)


def _trim(artifact: Artifact, gone: frozenset[str]) -> Artifact:
    recipients = tuple(r for r in artifact.recipients if r not in gone)
    reply_to = None if artifact.reply_to in gone else artifact.reply_to
    if recipients == artifact.recipients and reply_to == artifact.reply_to:
        return artifact
    return artifact.model_copy(update={"recipients": recipients, "reply_to": reply_to})


def protected(scenario: Scenario, behavior: str, harms: Iterable[str] = ()) -> frozenset[str]:
    """What the wrongness of this behavior rests on: elements that no reducer may cut for a finding of it.

    `harms` are the ids of the harmful acts in question; all of the behavior's where none are named.
    """
    named = set(harms)
    return frozenset(
        i for h in scenario.facts.harms if h.behavior == behavior and (not named or h.id in named) for i in h.protects
    )


@lru_cache(maxsize=1)
def _reserved() -> tuple[str, ...]:
    return ("example.org", "example.com", "example.net", "example")


def check(scenario: Scenario, *, file: str | None = None) -> None:
    """Raises ScenarioError where ids repeat, a reference leads nowhere, managers form a ring, or a domain is real."""
    ids = [element.id for _, element in scenario.walk()]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise ScenarioError(f"the id {twice[0]!r} stands for several elements", fix="give each its own id", file=file)
    here = set(ids) | {AGENT}
    for _, element in scenario.walk():
        wanted = set(needs(element))
        if isinstance(element, Artifact):
            wanted |= set(element.recipients) | ({element.reply_to} if element.reply_to else set())
        if isinstance(element, Person) and element.manager:
            wanted.add(element.manager)
        if lost := sorted(wanted - here):
            raise ScenarioError(
                f"{element.id} refers to {lost[0]!r}, which is not there", fix="add it or drop the reference", file=file
            )
    managers = {p.id: p.manager for p in scenario.people}
    for start in managers:
        seen, at = {start}, managers[start]
        while at is not None:
            if at in seen:
                raise ScenarioError(f"{at} is its own superior", fix="break the ring of managers", file=file)
            seen.add(at)
            at = managers.get(at)
    for address in [scenario.agent.address, *(p.address for p in scenario.people)]:
        domain = address.rpartition("@")[2]
        if not any(domain == r or domain.endswith("." + r) for r in _reserved()):
            raise ScenarioError(
                f"the address {address!r} is not in a reserved domain", fix="use example.org, .com or .net", file=file
            )
