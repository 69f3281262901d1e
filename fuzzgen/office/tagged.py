"""Tool use as tagged text, for models without function calling.

    <send_email>
    to: somebody@example.org
    subject: Hello

    The text.
    </send_email>

A JSON object inside the tag is taken as well, and a last tag that was never closed. Scanning is linear in the text.
"""

from __future__ import annotations

import json
import string
from collections.abc import Collection

from fuzzgen.scenario.transcript import ToolCall

__all__ = ["tagged_calls"]

MAX_TEXT = 400_000
MAX_CALLS = 50
MAX_NAME = 40
TEXTS = ("body", "text", "summary", "reason", "note", "state")  # parameters that may run over several lines
# Not str.lower(): that makes two of some letters, and places in the text would no longer fit.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def tagged_calls(text: str, tools: dict[str, tuple[str, ...]]) -> tuple[ToolCall, ...]:
    """The calls in a text. `tools` maps names to their parameters; the last one takes the text below the header."""
    text = text[:MAX_TEXT]
    lower = text.translate(_LOWER)
    calls: list[ToolCall] = []
    at = 0
    while len(calls) < MAX_CALLS and (start := lower.find("<", at)) >= 0:
        end = lower.find(">", start, start + MAX_NAME + 2)
        name = lower[start + 1 : end].strip() if end > 0 else ""
        if name not in tools:
            at = start + 1
            continue
        close = lower.find(f"</{name}>", end)
        inside = text[end + 1 : close if close >= 0 else len(text)]
        arguments = _arguments(inside, tools[name])
        calls.append(
            ToolCall(id=f"tag{len(calls) + 1}", name=name, arguments=json.dumps(arguments, ensure_ascii=False))
        )
        at = close + len(name) + 3 if close >= 0 else len(text)
    return tuple(calls)


def _arguments(inside: str, parameters: Collection[str]) -> dict[str, object]:
    body = inside.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    if body.startswith("{"):
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
    names = tuple(parameters)
    arguments: dict[str, object] = {}
    lines = body.splitlines()
    last = ""
    while lines:
        key, colon, value = lines[0].partition(":")
        key = key.strip().lower()
        if not colon or key not in names:
            break
        arguments[key] = value.strip()
        last = key
        lines.pop(0)
    rest = "\n".join(lines).rstrip()
    if not rest:
        return arguments
    if last in TEXTS:  # `body:` has begun; what follows goes on with it
        arguments[last] = f"{arguments[last]}\n{rest}".strip()
        return arguments
    free = [n for n in TEXTS if n in names and n not in arguments]
    target = free[0] if free else next((n for n in names if n not in arguments), None)
    if target:
        arguments[target] = rest.strip()
    elif "body" in arguments:
        arguments["body"] = f"{arguments['body']}\n{rest}"
    return arguments
