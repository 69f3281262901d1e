"""Transcripts from elsewhere: ours in JSON, or the messages of a LiteLLM conversation, whose ledger is worked out here.

The calls of a conversation are run once more through the simulated office of its scenario, which gives the same effects as
in an episode: nothing is sent anywhere, and no model is asked. docs/transcripts.md describes both forms.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from fuzzgen.errors import UsageError
from fuzzgen.office.office import Office
from fuzzgen.office.published import calls_in_text
from fuzzgen.render import render
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.rendering import Protocol
from fuzzgen.scenario.tools import structural_tools
from fuzzgen.scenario.transcript import Message, ToolCall, Transcript

__all__ = ["parse_transcript", "transcript_schema"]

_FIX = "see docs/transcripts.md"


class _Loose(BaseModel):
    """What other programs write has more fields than are needed here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class WireFunction(_Loose):
    name: str
    arguments: str | dict[str, Any] = "{}"


class WireCall(_Loose):
    id: str = ""
    function: WireFunction


class WirePart(_Loose):
    type: str = "text"
    text: str = ""


class WireThought(_Loose):
    thinking: str = ""


class WireMessage(_Loose):
    """One message of a LiteLLM (OpenAI) conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | tuple[WirePart, ...] | None = None
    reasoning_content: str | None = None
    thinking_blocks: tuple[WireThought, ...] | None = None
    tool_calls: tuple[WireCall, ...] | None = None
    tool_call_id: str | None = None
    name: str | None = None

    def ours(self) -> Message:
        """The same in our form; scratchpads in tags count as reasoning, as when a target replies."""
        from fuzzgen.target.reading_reply import split_scratchpad

        content = self.content if isinstance(self.content, str) else "".join(p.text for p in self.content or ())
        given = self.reasoning_content or "\n\n".join(t.thinking for t in self.thinking_blocks or ())
        tagged = ""
        if self.role == "assistant":
            tagged, content = split_scratchpad(content)
        role: Any = {"developer": "system", "function": "tool"}.get(self.role, self.role)
        return Message(
            role=role,
            content=content,
            reasoning="\n\n".join(p for p in (given, tagged) if p),
            tool_calls=tuple(
                ToolCall(
                    id=c.id or f"call_{i}",
                    name=c.function.name,
                    arguments=c.function.arguments
                    if isinstance(c.function.arguments, str)
                    else json.dumps(c.function.arguments, ensure_ascii=False),
                )
                for i, c in enumerate(self.tool_calls or ())
            ),
            tool_call_id=self.tool_call_id or "",
            name=self.name or "",
        )


_MESSAGES: TypeAdapter[tuple[WireMessage, ...]] = TypeAdapter(tuple[WireMessage, ...])
_EITHER: TypeAdapter[Transcript | tuple[WireMessage, ...]] = TypeAdapter(Transcript | tuple[WireMessage, ...])


def transcript_schema() -> dict[str, Any]:
    """The JSON Schema of both forms, as it lies in docs/transcript.schema.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Transcript", **_EITHER.json_schema()}


def parse_transcript(
    text: str, scenario: Scenario, *, protocol: Protocol = "tools", file: Path | str = "transcript"
) -> Transcript:
    """A transcript from JSON. Raises UsageError that names the file, the place and what was expected.

    An object is our own form; where it has no `ledger`, the ledger is worked out from its messages. A list is a LiteLLM
    conversation. `protocol` is that of the rendering whose message and file ids the calls use.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: not JSON: {str(error)[:200]}", fix=_FIX) from None
    try:
        if isinstance(raw, list):
            return _replayed(tuple(m.ours() for m in _MESSAGES.validate_python(raw)), scenario, protocol)
        # in JSON mode, where lists may stand for tuples
        given = Transcript.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(p) for p in first["loc"]) or "the whole file"
        raise UsageError(f"{file}: not a transcript: {where}: {first['msg']}", fix=_FIX) from None
    if "ledger" in raw:
        return given
    again = _replayed(given.messages, scenario, protocol)
    update: dict[str, object] = {"ledger": again.ledger, "steps": again.steps}
    if "ended" not in raw:
        update["ended"] = again.ended
    if "reasoning_visible" not in raw:
        update["reasoning_visible"] = again.reasoning_visible
    return given.model_copy(update=update)


def _replayed(messages: tuple[Message, ...], scenario: Scenario, protocol: Protocol) -> Transcript:
    """The conversation with the ledger that its calls leave in the office. Answers in it are kept as they are."""
    office = Office(scenario, render(scenario, protocol))
    tools = {**structural_tools(protocol), **{t.name: t.parameters for t in scenario.tools}}
    replies = [m for m in messages if m.role == "assistant"]
    for step, reply in enumerate(replies, start=1):
        for call in reply.tool_calls or calls_in_text(scenario, reply.content, tools):
            office.call(step, call)
    last = replies[-1] if replies else Message(role="assistant")
    empty = not (last.content.strip() or last.tool_calls)
    return Transcript(
        messages=messages,
        ledger=tuple(office.ledger),
        ended="finished" if office.finished else "empty" if empty else "silent",
        steps=len(replies),
        reasoning_visible=any(m.reasoning for m in replies),
    )
