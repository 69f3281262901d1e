"""What a provider's answer says, whoever the provider is: text, reasoning, tool calls, why it ended, tokens.

Reasoning comes as provider content, as thinking blocks, or as a tagged scratchpad in the text; the three are told apart
from the answer here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fuzzgen.scenario.transcript import Message, Reply, ReplyStatus, ToolCall, Usage

__all__ = ["read_reply", "split_scratchpad"]

MAX_TEXT = 200_000
_TAGS = ("think", "thinking", "scratchpad", "reasoning", "scratchpad_reasoning")
_OPEN = re.compile(rf"<({'|'.join(_TAGS)})>", re.IGNORECASE)


def split_scratchpad(text: str) -> tuple[str, str]:
    """(reasoning, rest) of a text with tagged scratchpads. One that was never closed runs to the end."""
    thoughts: list[str] = []
    rest: list[str] = []
    lower = text.lower()
    at = 0
    while found := _OPEN.search(text, at):
        rest.append(text[at : found.start()])
        close = lower.find(f"</{found.group(1).lower()}>", found.end())
        thoughts.append(text[found.end() : close if close >= 0 else len(text)].strip())
        at = close + len(found.group(1)) + 3 if close >= 0 else len(text)
    rest.append(text[at:])
    return "\n".join(t for t in thoughts if t), "".join(rest).strip()


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _text(value: Any) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def read_reply(response: Any, latency_ms: float, cost_usd: float | None) -> Reply:
    """A LiteLLM response as a reply. A response without a choice is an error, not an empty answer."""
    choices = _get(response, "choices") or []
    if not choices:
        return Reply(status="error", error="the provider's answer has no choices", latency_ms=latency_ms)
    choice = choices[0]
    raw = _get(choice, "message")
    content = _text(_get(raw, "content"))
    reasoning = _text(_get(raw, "reasoning_content"))
    if not reasoning:
        blocks = _get(raw, "thinking_blocks") or []
        reasoning = "\n".join(t for b in blocks if (t := _text(_get(b, "thinking"))))
    tagged, content = split_scratchpad(content)
    reasoning = "\n".join(p for p in (reasoning, tagged) if p)
    calls = []
    for i, call in enumerate((_get(raw, "tool_calls") or [])[:50]):
        function = _get(call, "function")
        name = _text(_get(function, "name"))
        if name:
            calls.append(
                ToolCall(id=_text(_get(call, "id")) or f"call{i}", name=name, arguments=_text(_get(function, "arguments")))
            )
    finish = _text(_get(choice, "finish_reason"))
    return Reply(
        status=_status(content, calls, finish),
        message=Message(role="assistant", content=content, reasoning=reasoning, tool_calls=tuple(calls)),
        usage=_usage(_get(response, "usage"), cost_usd),
        latency_ms=latency_ms,
        finish_reason=finish,
        fingerprint=_text(_get(response, "system_fingerprint")),
        reasoning_visible=bool(reasoning),
    )


def _status(content: str, calls: list[ToolCall], finish: str) -> ReplyStatus:
    if finish == "content_filter":
        return "filtered"
    if finish == "length":
        return "cut_off"
    return "ok" if content or calls else "empty"


def _usage(raw: Any, cost_usd: float | None) -> Usage:
    details = _get(raw, "prompt_tokens_details")
    return Usage(
        prompt_tokens=int(_get(raw, "prompt_tokens") or 0),
        completion_tokens=int(_get(raw, "completion_tokens") or 0),
        cached_tokens=int((_get(details, "cached_tokens") if details else 0) or 0),
        cost_usd=cost_usd,
    )
