"""What a provider's answer says, whoever the provider is: text, reasoning, tool calls, why it ended, tokens.

Reasoning comes as reasoning content, as thinking blocks, or as a tagged scratchpad in the text; the three are told
apart from the answer here and nowhere else. All of it is data from outside: kept raw, cut to size, never interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fuzzgen.scenario.transcript import Message, Reply, ReplyStatus, ToolCall, Usage

__all__ = ["MAX_CALLS", "MAX_REPLY", "MAX_TEXT", "read_reply", "read_usage", "split_scratchpad"]

MAX_TEXT = 200_000  # characters of one text
MAX_REPLY = 400_000  # characters of all texts of a reply
MAX_CALLS = 64  # tool calls of one reply
MAX_NAME = 200

_TAG = re.compile(r"<(/?)(think|thinking|scratchpad|scratchpad_reasoning|reasoning)>", re.IGNORECASE)


def split_scratchpad(text: str, *, cut_off: bool = False) -> tuple[str, str]:
    """(reasoning, rest) of a text with tagged scratchpads, in time linear in its length.

    A tag that is never closed opens a scratchpad only where the text begins with it or was cut off; elsewhere it is a
    mention. A `</think>` that was never opened ends one (some chat templates put the opening tag into the prompt).
    """
    thoughts: list[str] = []
    rest: list[str] = []
    at = 0
    opened: re.Match[str] | None = None
    for tag in _TAG.finditer(text):
        closing = bool(tag[1])
        if opened is None and not closing:
            opened = tag
        elif opened is not None and closing and tag[2].lower() == opened[2].lower():
            rest.append(text[at : opened.start()])
            thoughts.append(text[opened.end() : tag.start()].strip())
            at, opened = tag.end(), None
        elif opened is None and tag[2].lower() == "think" and not thoughts and at == 0:
            thoughts.append(text[: tag.start()].strip())
            at = tag.end()
    if opened is not None and (cut_off or not text[at : opened.start()].strip()):
        rest.append(text[at : opened.start()])
        thoughts.append(text[opened.end() :].strip())
        at = len(text)
    if not thoughts:
        return "", text
    rest.append(text[at:])
    return "\n\n".join(t for t in thoughts if t), "".join(rest).strip()


def read_reply(
    response: Any, *, latency_ms: float = 0.0, usage: Usage | None = None, full_reasoning: bool = True
) -> Reply:
    """A LiteLLM response as a Reply.

    `full_reasoning` is False for providers that hide or summarize what their models think: their reasoning content is
    kept, but `reasoning_visible` then rests on a scratchpad in the text alone. Raises ValueError for an answer without
    a choice or a message: that is a broken answer, not an empty one.
    """
    choices = _get(response, "choices")
    raw = _get(choices[0], "message") if isinstance(choices, list | tuple) and choices else None
    if raw is None:
        raise ValueError("the provider's answer has no message in it")
    finish = _text(_get(choices[0], "finish_reason"), MAX_NAME)
    content = _text(_get(raw, "content"))
    given = _text(_get(raw, "reasoning_content")) or "\n\n".join(
        thought for block in _list(_get(raw, "thinking_blocks")) if (thought := _text(_get(block, "thinking")))
    )
    tagged, content = split_scratchpad(content, cut_off=finish == "length")
    if not content:
        content = _text(_get(raw, "refusal") or _get(_get(raw, "provider_specific_fields"), "refusal"))
    given = given[: MAX_REPLY - len(content)]
    calls, cut = _calls(raw, MAX_REPLY - len(content) - len(given))
    too_long = cut or len(content) >= MAX_TEXT
    return Reply(
        status="cut_off" if too_long else _status(content, calls, finish),
        message=Message(
            role="assistant",
            content=content,
            reasoning="\n\n".join(part for part in (given, tagged) if part)[:MAX_TEXT],
            tool_calls=calls,
        ),
        usage=usage or read_usage(response),
        latency_ms=latency_ms,
        finish_reason=finish,
        fingerprint=_text(_get(response, "system_fingerprint"), MAX_NAME) or _text(_get(response, "model"), MAX_NAME),
        reasoning_visible=bool(tagged or (given and full_reasoning)),
    )


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _list(value: Any) -> list[Any]:
    return value[:MAX_CALLS] if isinstance(value, list) else []


def _text(value: Any, most: int = MAX_TEXT) -> str:
    """At most `most` characters; half a surrogate pair, which JSON can carry and no file can, becomes U+FFFD."""
    if not isinstance(value, str):
        return ""
    return value[:most].encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _calls(raw: Any, room: int) -> tuple[tuple[ToolCall, ...], bool]:
    """The calls whose arguments have room, and whether some had none."""
    calls: list[ToolCall] = []
    for number, call in enumerate(_list(_get(raw, "tool_calls"))):
        function = _get(call, "function")
        if name := _text(_get(function, "name"), MAX_NAME):
            arguments = _text(_get(function, "arguments"))
            room -= len(arguments)
            if len(arguments) >= MAX_TEXT or room < 0:
                return tuple(calls), True
            identity = _text(_get(call, "id"), MAX_NAME) or f"call_{number}"
            calls.append(ToolCall(id=identity, name=name, arguments=arguments))
    return tuple(calls), False


def _status(content: str, calls: tuple[ToolCall, ...], finish: str) -> ReplyStatus:
    if finish == "content_filter":
        return "filtered"
    if finish == "length":
        return "cut_off"
    return "ok" if content.strip() or calls else "empty"


def read_usage(response: Any) -> Usage:
    """The tokens that an answer says it took; 0 for what it does not say, or says in no number of tokens."""
    raw = _get(response, "usage")
    prompt = _count(_get(raw, "prompt_tokens"))
    cached = _count(_get(_get(raw, "prompt_tokens_details"), "cached_tokens"))
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=_count(_get(raw, "completion_tokens")),
        cached_tokens=min(cached, prompt),
    )


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e12 else 0
