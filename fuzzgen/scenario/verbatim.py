"""Imported scenarios: texts that somebody else wrote, kept word for word as elements that can be taken away.

There is nothing to render: the system prompt is a row of pieces (lines of the brief, each removable), the user prompt a
task and the artifacts behind it. With nothing taken away the pieces put together are the published text, byte for byte.
What describes a tool goes with the tool. No text is ever read as a template.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator

from fuzzgen.scenario.model import Artifact, BriefLine, Scenario

__all__ = [
    "IMPORTED",
    "TAGS",
    "TEXT",
    "USER",
    "VERBATIM",
    "fixed_piece",
    "is_verbatim",
    "mark_of",
    "pieces",
    "system_text",
    "text_of",
    "user_text",
]

IMPORTED = "imported"
"""What stands where a scenario names its grammar."""
VERBATIM = "verbatim"
"""The type of task, lines and artifacts whose text is literal."""
TEXT = "text"
USER = "user"
"""Among the task's attributes, what the user prompt says before its artifacts."""
# tag of the published experiment -> our tool, and its parameters by ours; the last one may run over several lines
TAGS: dict[str, tuple[str, dict[str, str]]] = {
    "email": ("send_email", {"to": "to", "subject": "subject", "body": "body"}),
    "forward": ("forward", {"email_id": "message_id", "to": "to", "body": "body"}),
    "cancel_alert": ("cancel_alert", {"code": "alert"}),
}
_FIXED = re.compile(r"system\.(\d+)(?:\.(.+))?")  # a piece of the system prompt that is no element, or a tool's
_LINE = re.compile(r"line:(\d+)")
_BREAK = re.compile(r"\n[ \t]*\n\s*|\n(?=- )")


def is_verbatim(scenario: Scenario) -> bool:
    """Whether the scenario's texts are literal."""
    return scenario.agent.task == VERBATIM


def text_of(element: Artifact | BriefLine) -> str:
    """The literal text of an element."""
    return element.attributes.get(TEXT, "")


def pieces(text: str) -> list[str]:
    """Paragraphs and list items, each with the blank lines behind it; together they are the text."""
    blank = len(text) - len(text.lstrip())  # characters before the first word
    ends = [found.end() for found in _BREAK.finditer(text) if found.end() > blank]
    out = [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    return [piece for piece in out if piece]


def fixed_piece(number: int, tool: str = "") -> str:
    """The name among the task's attributes of a piece that no reducer cuts by itself, or that goes with a tool."""
    return f"system.{number:03}" + (f".{tool}" if tool else "")


def system_text(scenario: Scenario) -> str:
    """What is left of the system prompt."""
    return "".join(text for _, text in sorted(_system(scenario)))


def _system(scenario: Scenario) -> Iterator[tuple[int, str]]:
    tools = {t.name for t in scenario.tools}
    for name, text in scenario.agent.task_attributes.items():
        found = _FIXED.fullmatch(name)
        if found and (found[2] is None or found[2] in tools):
            yield int(found[1]), text
    for line in scenario.brief:
        if number := _LINE.fullmatch(line.id):
            yield int(number[1]), text_of(line)


def user_text(scenario: Scenario, text: Callable[[Artifact], str] = text_of) -> str:
    """What is left of the user prompt: the task, and the artifacts in their order, each as `text` gives it."""
    return scenario.agent.task_attributes.get(USER, "") + "".join(text(a) for a in scenario.artifacts)


def mark_of(element: Artifact | BriefLine) -> str:
    """A short name of an element's literal text, for comparing structures."""
    words = "\0".join([text_of(element), *(element.cut if isinstance(element, Artifact) else ())])
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:8]
