"""Taking parts of a scenario away.

Laws (property-tested): removal strictly shrinks; ids are stable; `without(a).without(b) == without(a | b)`; removing
nothing changes nothing; every result is a valid scenario. They hold because everything that follows from a removal is
a monotone function of the set removed: an element goes when *some* element that it needs is gone, an artifact also when
*all* its recipients are; a reporting line moves to the nearest manager who is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from fuzzgen.errors import ScenarioError
from fuzzgen.scenario.model import AGENT, KINDS, Artifact, Element, Person, Placed, Scenario, Tie
from fuzzgen.scenario.verbatim import is_verbatim

__all__ = ["YEARS", "check", "closure", "needs", "protected", "without"]

YEARS = range(1900, 3000)  # days before and after can be reckoned, and people would write them
RESERVED = ("example.org", "example.com", "example.net", "example")


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


def check(scenario: Scenario, *, file: str | None = None) -> None:
    """Raises ScenarioError for what the types cannot say.

    That is where ids repeat, a reference leads nowhere or to the wrong kind of thing, managers form a ring, an answer
    is older than what it answers, times mix clocks, or a domain is real (an imported text names what its authors named).
    """

    def wrong(message: str, fix: str) -> ScenarioError:
        return ScenarioError(message, fix=fix, file=file)

    ids = [element.id for _, element in scenario.walk()]
    if twice := sorted(i for i, times in Counter(ids).items() if times > 1):
        raise wrong(f"the id {twice[0]!r} stands for several elements", "give each its own id")
    if AGENT in ids:
        raise wrong(f"the id {AGENT!r} is the agent's own", "give the element another id")
    here = set(ids) | {AGENT}
    people = {p.id: p for p in scenario.people}
    for _, element in scenario.walk():
        if lost := sorted((needs(element) | _persons(element)) - here):
            raise wrong(f"{element.id} refers to {lost[0]!r}, which is not there", "add it or drop the reference")
        allowed = people.keys() if isinstance(element, Person) else {*people, AGENT}
        if others := sorted(_persons(element) - allowed):
            raise wrong(f"{element.id} takes {others[0]!r} for a person", "name somebody of `people`")
    if scenario.agent.principal is not None and scenario.agent.principal not in people:
        raise wrong(
            f"the agent's principal {scenario.agent.principal!r} is nobody", "name somebody of `people`, or null"
        )
    for start in people:
        seen, at = {start}, people[start].manager
        while at is not None:
            if at in seen:
                raise wrong(f"{at} is its own superior", "break the ring of managers")
            seen.add(at)
            at = people[at].manager
    _check_times(scenario, wrong)
    if is_verbatim(scenario):
        return  # names what its authors named
    for address in [scenario.agent.address, *(p.address for p in scenario.people)]:
        if not _is_reserved(address.rpartition("@")[2]):
            raise wrong(f"the address {address!r} is not in a reserved domain", "use example.org, .com or .net")
    if not _is_reserved(scenario.organization.domain):
        raise wrong(f"{scenario.organization.domain!r} is not a reserved domain", "use example.org, .com or .net")


def _is_reserved(domain: str) -> bool:
    return any(domain == r or domain.endswith("." + r) for r in RESERVED)


def _persons(element: Element) -> set[str]:
    """Ids in an element that stand where only a person, or the agent, can."""
    match element:
        case Person():
            return {element.manager} if element.manager else set()
        case Tie():
            return {element.a, element.b}
        case Placed():
            return set(element.people.values())
        case Artifact():
            return {element.sender, *element.recipients}
        case _:
            return set()


def _check_times(scenario: Scenario, wrong: Callable[[str, str], ScenarioError]) -> None:
    artifacts = {a.id: a for a in scenario.artifacts}
    for name, time in [("now", scenario.now), *((a.id, a.sent_at) for a in scenario.artifacts)]:
        if time.year not in YEARS:
            raise wrong(f"{name} is in the year {time.year}", f"take one from {YEARS[0]} to {YEARS[-1]}")
    for artifact in scenario.artifacts:
        if (artifact.sent_at.tzinfo is None) != (scenario.now.tzinfo is None):
            raise wrong(
                f"{artifact.id} and `now` mix times with and without a zone", "write local times, without a zone"
            )
        if artifact.reply_to is None:
            continue
        if artifact.reply_to not in artifacts:
            raise wrong(f"{artifact.id} answers {artifact.reply_to!r}, which is no artifact", "mend `reply_to`")
        if artifacts[artifact.reply_to].sent_at > artifact.sent_at or artifact.reply_to == artifact.id:
            raise wrong(f"{artifact.id} is older than {artifact.reply_to}, which it answers", "mend `sent_at`")
