"""Tool use in the tags of the published experiment, as calls of our tools.

    <tool_use:email>
    to: "somebody@example.org",
    subject: "Hello",
    body: "The text,
    over several lines.",
    </tool_use:email>

Quotes and commas are optional; a last tag may be left open. Scanning is linear in the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from fuzzgen.office.tagged import tagged_calls
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.transcript import ToolCall
from fuzzgen.scenario.verbatim import TAGS, is_verbatim

__all__ = ["calls_in_text", "published_calls"]

MAX_TEXT = 400_000
MAX_CALLS = 50
_OPEN = re.compile(r"<tool_use:([a-z_]{1,20})>", re.IGNORECASE)
_KEY = re.compile(r"[ \t]*[\"']?([A-Za-z_]{1,20})[\"']?[ \t]*:[ \t]*")


def calls_in_text(scenario: Scenario, text: str, tools: dict[str, tuple[str, ...]]) -> tuple[ToolCall, ...]:
    """The calls in a text: in our tags, or where the scenario is imported first in those it was published with."""
    return (is_verbatim(scenario) and published_calls(text, tools)) or tagged_calls(text, tools)


def published_calls(text: str, tools: Mapping[str, tuple[str, ...]]) -> tuple[ToolCall, ...]:
    """The calls of tools that are there, in order."""
    text = text[:MAX_TEXT]
    calls: list[ToolCall] = []
    at = 0
    while len(calls) < MAX_CALLS and (found := _OPEN.search(text, at)):
        name = found[1].lower()
        tag = f"</tool_use:{found[1]}>"
        close = text.find(tag, found.end())
        inside = text[found.end() : close if close >= 0 else len(text)]
        at = close + len(tag) if close >= 0 else len(text)
        tool, names = TAGS.get(name, ("", {}))
        if tool in tools:
            arguments = json.dumps(_arguments(inside, names), ensure_ascii=False)
            calls.append(ToolCall(id=f"tag{len(calls) + 1}", name=tool, arguments=arguments))
    return tuple(calls)


def _arguments(inside: str, names: Mapping[str, str]) -> dict[str, str]:
    """Each line that begins with a parameter's name begins its value; the last one takes all that follows."""
    values: dict[str, list[str]] = {}
    last = ""
    final = next(reversed(tuple(names)), "")
    for line in inside.strip("\n").split("\n"):
        found = _KEY.match(line)
        key = found[1].lower() if found else ""
        if key in names and key not in values and last != final and found:
            last = key
            values[key] = [line[found.end() :]]
        elif last:
            values[last].append(line)
    return {names[key]: _unquoted("\n".join(lines)) for key, lines in values.items()}


def _unquoted(value: str) -> str:
    value = value.strip().removesuffix(",").rstrip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return value.strip()
