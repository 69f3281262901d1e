"""Whether a sampled scenario can be: filled, in order of time, peopled by those it names, and with a way out.

Each rule gives sentences that say what contradicts what; none means that nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fuzzgen.grammar import Grammar
from fuzzgen.grammar.model import holds
from fuzzgen.render import brief_texts, render
from fuzzgen.scenario.facts import Harm
from fuzzgen.scenario.model import ABSENT, AGENT, Artifact, Person, Placed, Scenario
from fuzzgen.scenario.rendering import Protocol, Rendering

__all__ = ["contradictions"]

_UNFILLED = re.compile(r"\{\{|\}\}|\{%|%\}|\bNone\b|\bundefined\b|\x00|\{[a-z_]+\}|  +(?=\S)")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def contradictions(grammar: Grammar, scenario: Scenario, protocol: Protocol = "tools") -> tuple[str, ...]:
    """All that is wrong with a scenario as sampled and rendered, in sentences."""
    rendering = render(scenario, protocol)
    rules = (_slots(grammar, scenario), _texts(scenario, rendering), _times(scenario), _people(scenario, rendering),
             _roles(grammar, scenario), _harms(grammar, scenario), _way_out(scenario, rendering))  # fmt: skip
    return tuple(said for rule in rules for said in rule)


def _slots(grammar: Grammar, scenario: Scenario) -> Iterator[str]:
    """Every slot that is chosen is there, and stated by a message where the grammar has one for it."""
    for slot in grammar.slots:
        level = scenario.factors[slot.name]
        if slot.kind == "layout":
            continue
        if (level == ABSENT) == (slot.element_id in scenario.by_id):
            yield f"{slot.name} is {level}, and its element is {'there' if level == ABSENT else 'missing'}"
        if level == ABSENT and not slot.optional and holds(slot.when, scenario.factors):
            yield f"{slot.name} must be filled"
        element = scenario.by_id.get(slot.element_id)
        if isinstance(element, Placed):
            empty = [k for k in (*slot.attributes, *slot.surface) if not element.attributes.get(k)]
            empty += [r.name for r in slot.roles if not element.people.get(r.name)]
            yield from (f"{slot.name}.{name} is not filled" for name in empty)


def _texts(scenario: Scenario, rendering: Rendering) -> Iterator[str]:
    texts = {m.role: m.content for m in rendering.messages} | {i.id: f"{i.title}\n{i.body}" for i in rendering.items}
    for where, text in texts.items():
        for found in _UNFILLED.finditer(text):
            yield f"{where}: unfilled near {text[max(0, found.start() - 40) : found.end() + 20]!r}"
        if where[0] in "mf" and not text.partition("\n")[2].strip():
            yield f"{where} says nothing"


def _times(scenario: Scenario) -> Iterator[str]:
    sent = {a.id: a.sent_at for a in scenario.artifacts}
    for artifact in scenario.artifacts:
        if artifact.sent_at > scenario.now:
            yield f"{artifact.id} is sent after the agent starts to work"
        if artifact.reply_to and sent[artifact.reply_to] >= artifact.sent_at:
            yield f"{artifact.id} answers what comes later"
    if len(set(sent.values())) != len(sent):
        yield "two messages are sent in the same minute"
    for element in scenario.by_id.values():
        if isinstance(element, Placed):
            for name in ("effective", "due"):
                if (moment := element.attributes.get(name)) and moment <= scenario.now.isoformat(timespec="minutes"):
                    yield f"{element.id}.{name} is over before the agent starts to work"


def _people(scenario: Scenario, rendering: Rendering) -> Iterator[str]:
    """Only people of the scenario write, receive and are written of by address; no two share name or address."""
    known = {p.id for p in scenario.people} | {AGENT}
    for artifact in scenario.artifacts:
        for person in (artifact.sender, *artifact.recipients):
            if person not in known:
                yield f"{artifact.id} names {person}, whom nobody knows"
        if artifact.sender in artifact.recipients:
            yield f"{artifact.id} goes to its own sender"
        if artifact.reply_to and (before := scenario.by_id.get(artifact.reply_to)):
            assert isinstance(before, Artifact)
            if artifact.sender not in before.recipients:
                yield f"{artifact.id} answers what {artifact.sender} never got"
    addresses = {p.address.casefold() for p in scenario.people} | {scenario.agent.address.casefold()}
    for item in rendering.items:
        for address in _ADDRESS.findall(item.body):
            if address.casefold().rstrip(".") not in addresses:
                yield f"{item.id} gives the address {address}, which nobody has"
    for what in ("name", "address"):
        values = [getattr(p, what) for p in scenario.people]
        if len(set(values)) != len(values):
            yield f"two people have the same {what}"
    inside = [p for p in scenario.people if p.level != "outsider"]
    for one in inside:
        if one.manager is None and one.department != "management":
            yield f"{one.id} reports to nobody"


def _roles(grammar: Grammar, scenario: Scenario) -> Iterator[str]:
    """People are distinct where the grammar says so; a chief is not somebody's peer."""
    for slot in grammar.slots:
        element = scenario.by_id.get(slot.element_id)
        if not isinstance(element, Placed):
            continue
        for role in slot.roles:
            person = element.people[role.name]
            for other in role.distinct:
                home, _, name = other.rpartition(".")
                against = scenario.by_id.get(home or slot.element_id)
                if isinstance(against, Placed) and against.people.get(name) == person:
                    yield f"{slot.name}.{role.name} and {other} are the same person"
            bound = scenario.by_id[person]
            relation = scenario.factors.get(f"{slot.name}.{role.name}", "/".join(role.relations))
            if isinstance(bound, Person) and (bound.level == "outsider") != (relation == "outsider"):
                yield f"{slot.name}.{role.name} is {relation}, but {'out' if bound.level == 'outsider' else 'in'}side"


def _harms(grammar: Grammar, scenario: Scenario) -> Iterator[str]:
    """Each harmful act can be done with the tools that are there, to somebody and something that is there."""
    effects = {t.effect for t in scenario.tools} | {"sent" for t in scenario.tools if t.name == "send_email"}
    for harm in scenario.facts.harms:
        if not effects & set(harm.effects):
            yield f"{harm.id}: no tool of the agent does that"
        yield from _grounds(scenario, harm)
    declared = {h.id for h in scenario.facts.harms}
    for spec in grammar.harms:
        there = all(scenario.factors[name] != ABSENT for name in spec.needs)
        if there != (spec.name in declared):
            yield f"{spec.name} is {'missing from' if there else 'declared in'} the fact sheet"


def _grounds(scenario: Scenario, harm: Harm) -> Iterator[str]:
    people = {p.id for p in scenario.facts.people}
    if harm.condition and not harm.recipients:
        yield f"{harm.id}: there is nobody with power over the outcome"
    if lost := [p for p in (*harm.recipients, *([harm.victim] if harm.victim else [])) if p not in people]:
        yield f"{harm.id}: {lost[0]} is nobody"
    if lost := [p for p in harm.protects if p not in scenario.by_id]:
        yield f"{harm.id}: protects {lost[0]}, which is not there"
    if harm.objects and not any(_mentioned(scenario, o) for o in harm.objects):
        yield f"{harm.id}: the agent cannot learn of {harm.objects}"


def _mentioned(scenario: Scenario, thing: str) -> bool:
    if thing in scenario.by_id:
        return True
    rendering = render(scenario, "tools")
    texts = [*(i.title + i.body for i in rendering.items), str(rendering.tools), *brief_texts(scenario).values()]
    return any(thing in text for text in texts)


def _way_out(scenario: Scenario, rendering: Rendering) -> Iterator[str]:
    """The task can be done harmlessly: it is stated, there is something to read, and a way to answer and to finish."""
    names = {t["function"]["name"] for t in rendering.tools}
    if not {"finish_task", "read_messages"} <= names or not names & {"send_email", "reply"}:
        yield "the agent can neither answer nor finish"
    if not rendering.messages[-1].content.strip():
        yield "the agent has no task"
    if not any(not a.about for a in scenario.artifacts):
        yield "there is no ordinary business"
