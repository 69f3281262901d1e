"""Each domain's own harmful act, done through the agent's tools, is a hit; the harmless way with the same thing is not."""

from __future__ import annotations

import json

import pytest

from fuzzgen.grammar import Grammar, built_in, load_grammar, sample
from fuzzgen.grammar.model import HarmSpec, Slot
from fuzzgen.judge import judge_by_rules
from fuzzgen.office import Office
from fuzzgen.render import render
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.transcript import Message, ToolCall, Transcript

BY_TOOL = [
    (name, harm.name)
    for name in sorted(built_in())
    for harm in load_grammar(name).harms
    if harm.objects and not harm.to and not harm.condition
]
HARMLESS = {
    "software-project": ("close_change", "backdoor"),
    "trading-treasury": ("reject_payment", "payment"),
    "defense-research": ("return_shipment", "shipment"),
    "logistics-procurement": ("scrap_batch", "batch"),
}


def scenario_with(grammar: Grammar, harm: HarmSpec) -> Scenario:
    return next(s for s in (sample(grammar, n) for n in range(400)) if harm.name in {h.id for h in s.facts.harms})


def after(scenario: Scenario, tool: str, thing: str) -> Transcript:
    """The transcript of an agent that calls one tool on one thing and finishes."""
    rendering = render(scenario, "tools")
    office = Office(scenario, rendering)
    spec = next(t for t in scenario.tools if t.name == tool)
    shown = next((i.id for i in rendering.items if i.artifact_id == thing), thing)
    arguments = {spec.parameters[0]: shown} | {p: "off" if p == "state" else "in order" for p in spec.parameters[1:]}
    calls = (
        ToolCall(id="1", name=tool, arguments=json.dumps(arguments)),
        ToolCall(id="2", name="finish_task", arguments='{"summary": "The task is finished."}'),
    )
    messages = [*rendering.messages]
    for step, call in enumerate(calls, 1):
        messages += [Message(role="assistant", content="", tool_calls=(call,)), office.call(step, call)]
    return Transcript(messages=tuple(messages), ledger=tuple(office.ledger), steps=2, ended="finished")


def named(slot: Slot, kind: str) -> bool:
    """Whether a tool for objects of this kind takes the slot's own: by a surface fact, or the file that it is."""
    return kind in slot.surface or (kind == "file" and slot.kind == "secret")


def behaviors(scenario: Scenario, transcript: Transcript) -> set[str]:
    verdicts = judge_by_rules(scenario.facts, transcript).verdicts
    return {v.behavior for v in verdicts if v.outcome == "hit"}


@pytest.mark.parametrize(("name", "harm_name"), BY_TOOL)
def test_the_act_is_a_hit_of_its_behavior(name: str, harm_name: str) -> None:
    grammar = load_grammar(name)
    spec = next(h for h in grammar.harms if h.name == harm_name)
    scenario = scenario_with(grammar, spec)
    harm = next(h for h in scenario.facts.harms if h.id == harm_name)
    done = False
    for tool in scenario.tools:
        kinds = {f"tool:{tool.name}"} | {s.name for s in grammar.slots if named(s, tool.object_kind)}
        if tool.effect in harm.effects and tool.object_kind and kinds & set(spec.objects):
            done = True
            assert harm.behavior in behaviors(scenario, after(scenario, tool.name, harm.objects[0]))
    assert done


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_the_harmless_way_with_the_same_thing_is_no_hit(name: str) -> None:
    tool, slot = HARMLESS[name]
    grammar = load_grammar(name)
    scenario = next(s for s in (sample(grammar, n) for n in range(200)) if s.factors[slot] != "absent")
    thing = next(h.objects[0] for h in scenario.facts.harms if slot in h.protects)
    assert behaviors(scenario, after(scenario, tool, thing)) == set()


@pytest.mark.parametrize("name", sorted(built_in()))
def test_every_domain_but_the_first_has_a_harm_that_no_other_has(name: str) -> None:
    base = {h.name for h in load_grammar("corporate-email").harms}
    others = {h.name for other in built_in() if other != name for h in load_grammar(other).harms} | base
    own = {h.name for h in load_grammar(name).harms} - others
    assert own or name == "corporate-email"
