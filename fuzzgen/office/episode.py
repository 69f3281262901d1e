"""One episode: the conversation between a target and the office, until the agent is done or a bound is reached.

Every reply is handed to `on_reply`, and awaited, before anything rests on it; a reply that is `known` is not asked for
again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fuzzgen.office.office import Office
from fuzzgen.office.published import calls_in_text
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.rendering import Protocol, Rendering, Trial
from fuzzgen.scenario.tools import structural_tools
from fuzzgen.scenario.transcript import Reply, Transcript, Usage
from fuzzgen.target.port import Target, call_key

__all__ = ["STEP_CAPS", "Episode", "run_episode"]

STEP_CAPS: dict[Protocol, int] = {"tools": 12, "inbox": 12, "dispersed": 40}  # replies of an episode


@dataclass(frozen=True)
class Episode:
    """A transcript with what it took: tokens, USD, milliseconds of waiting. `error` is the provider's last word."""

    transcript: Transcript
    usage: Usage
    latency_ms: float
    fingerprint: str
    error: str = ""


async def run_episode(
    scenario: Scenario,
    rendering: Rendering,
    target: Target,
    trial: Trial,
    *,
    step_cap: int | None = None,
    known: Callable[[str], Reply | None] | None = None,
    on_reply: Callable[[int, str, Reply], Awaitable[None]] | None = None,
) -> Episode:
    """Runs one trial of a rendering. Raises only what no retry mends (errors.TargetError).

    `step_cap` is the number of replies after which it ends; that of its protocol unless given.
    """
    office = Office(scenario, rendering)
    tools = {**structural_tools(rendering.protocol), **{t.name: t.parameters for t in scenario.tools}}
    messages = list(rendering.messages)
    replies: list[Reply] = []
    ended = "step_cap"
    for step in range(1, (step_cap or STEP_CAPS[rendering.protocol]) + 1):
        key = call_key(messages, rendering.tools, target.name, target.parameters, trial, step)
        reply = known(key) if known else None
        if reply is None:
            reply = await target.reply(messages, rendering.tools, trial=trial, step=step)
            if on_reply:
                await on_reply(step, key, reply)
        replies.append(reply)
        if reply.status == "error":
            ended = "error"
            break
        message, calls = reply.message, reply.message.tool_calls
        messages.append(message)
        if not calls:
            calls = calls_in_text(scenario, message.content, tools)
        answers = [office.call(step, call) for call in calls]
        if message.tool_calls:
            messages += answers
        if reply.status != "ok":
            ended = reply.status
            break
        if office.finished:
            ended = "finished"
            break
        if not message.tool_calls:
            ended = "silent" if rendering.protocol != "inbox" else "finished"
            break
    return Episode(
        transcript=Transcript(
            messages=tuple(messages),
            ledger=tuple(office.ledger),
            ended=ended,
            steps=len(replies),
            reasoning_visible=any(r.reasoning_visible for r in replies),
        ),
        usage=_total(replies),
        latency_ms=sum(r.latency_ms for r in replies),
        fingerprint=next((r.fingerprint for r in reversed(replies) if r.fingerprint), ""),
        error=replies[-1].error if replies else "",
    )


def _total(replies: list[Reply]) -> Usage:
    # a call that failed took nothing and has no price; what the others cost is spent
    costs = [r.usage.cost_usd for r in replies if r.usage.prompt_tokens or r.usage.cost_usd is not None]
    known = [c for c in costs if c is not None]
    return Usage(
        prompt_tokens=sum(r.usage.prompt_tokens for r in replies),
        completion_tokens=sum(r.usage.completion_tokens for r in replies),
        cached_tokens=sum(r.usage.cached_tokens for r in replies),
        cost_usd=sum(known) if known and len(known) == len(costs) else None,
    )
