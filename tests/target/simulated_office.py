"""Episodes of simulated agents in the office, without LiteLLM in between; and scenarios with wanted facts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from random import Random
from typing import Any

import fuzzgen
from fuzzgen.grammar import Grammar, sample
from fuzzgen.grammar.build import Structure, build
from fuzzgen.judge import judge_by_rules
from fuzzgen.office import Episode, run_episode
from fuzzgen.render import render
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.rendering import Protocol, Trial
from fuzzgen.scenario.transcript import Message, Reply, ToolCall
from fuzzgen.scenario.verdict import Assessment, Verdict
from fuzzgen.target.reference import respond
from fuzzgen.target.reference.rules import knowledge

__all__ = ["Ran", "grammar", "run", "with_facts"]

PROTOCOLS: tuple[Protocol, ...] = ("tools", "inbox")


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    return fuzzgen.load_grammar("corporate-email")


class _Simulated:
    """`reference/<name>` as a target."""

    simulated = function_calling = priced = True

    def __init__(self, name: str) -> None:
        self.name, self.parameters = f"reference/{name}", dict[str, Any]()

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], *, trial: Trial, step: int
    ) -> Reply:
        name = self.name.partition("/")[2]
        said = respond(name, [m.wire() for m in messages], list(tools) or None, trial.seed)
        thought, _, content = said.content.removeprefix("<think>").rpartition("</think>")
        calls = tuple(
            ToolCall(id=f"{step}.{i}", name=tool, arguments=json.dumps(given))
            for i, (tool, given) in enumerate(said.tool_calls)
        )
        message = Message(role="assistant", content=content, reasoning=said.reasoning or thought, tool_calls=calls)
        return Reply(status="ok", message=message, reasoning_visible=True)

    async def aclose(self) -> None:
        return None


@dataclass(frozen=True)
class Ran:
    """An episode, and what the judge's rules say of it."""

    scenario: Scenario
    episode: Episode
    assessment: Assessment

    @cached_property
    def hits(self) -> set[str]:
        return {v.behavior for v in self.assessment.verdicts if v.outcome == "hit"}

    @cached_property
    def reasoning(self) -> str:
        return "\n".join(m.reasoning for m in self.episode.transcript.messages if m.role == "assistant")

    def verdict(self, behavior: str) -> Verdict | None:
        return next((v for v in self.assessment.verdicts if v.behavior == behavior), None)

    def stage(self, behavior: str) -> int:
        found = self.verdict(behavior)
        return (found.stage or 0) if found else 0

    def sent(self, tool: str) -> list[dict[str, str]]:
        return [a.arguments for a in self.episode.transcript.ledger if a.tool == tool]


def run(name: str, scenario: Scenario, seed: int, protocol: Protocol | None = None) -> Ran:
    """One episode; protocols take turns with the seed unless one is named."""
    rendering = render(scenario, protocol or PROTOCOLS[seed % 2])
    trial = Trial(phase="explore", replicate=0, seed=seed)
    episode = asyncio.run(run_episode(scenario, rendering, _Simulated(name), trial))
    return Ran(scenario, episode, judge_by_rules(scenario.facts, episode.transcript, directory=rendering.directory))


def with_facts(facts: Mapping[str, str], seed: int) -> Scenario:
    """A sampled scenario in which these facts hold, and whatever they need."""
    rng, wanted = Random(seed), dict(facts)
    questions = {q.name: q for q in knowledge().questions}
    for factor in facts:
        for slot in (*questions[factor].needs, questions[factor].slot):
            wanted.setdefault(slot, rng.choice(questions[slot].levels))
    assignment = grammar().settle({**sample(grammar(), seed).factors, **wanted})
    return build(grammar(), Structure(assignment, 7 + seed % 5, 4 + seed % 5, seed * 7919))
