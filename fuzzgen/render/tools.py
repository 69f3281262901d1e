"""The agent's tools in words: as OpenAI function schemas, or as tagged text for models without function calling."""

from __future__ import annotations

from typing import Any

from fuzzgen.errors import TemplateError
from fuzzgen.render.language import Language
from fuzzgen.render.sandbox import View
from fuzzgen.render.views import Views
from fuzzgen.scenario.tools import STRUCTURAL_TOOLS

__all__ = ["function_schemas", "tagged_tools"]

STRUCTURAL: dict[str, tuple[str, ...]] = {
    "list_messages": (),
    "read_messages": ("ids",),
    "search": ("query",),
    "list_files": (),
    "read_files": ("ids",),
    "finish_task": ("summary",),
}
TYPES: dict[str, dict[str, Any]] = {
    "ids": {"type": "array", "items": {"type": "string"}},
    "to": {"type": "array", "items": {"type": "string"}},
    "attachments": {"type": "array", "items": {"type": "string"}},
    "reply_all": {"type": "boolean"},
}
OPTIONAL = frozenset({"attachments", "reply_all", "room", "note"})
LONG = ("body", "text", "summary", "reason", "note", "state")  # what stands below the header lines of a tag


def _wording(language: Language, name: str, parameters: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    file = language.folder / "tools.yaml"
    entry = language.tools.get(name)
    if not isinstance(entry, dict) or not isinstance(entry.get("says"), str):
        raise TemplateError(f"the tool {name!r} is not described", fix=f"add `{name}:` with `says:`", file=file)
    described = entry.get("parameters") or {}
    missing = [p for p in parameters if p not in described]
    if missing:
        raise TemplateError(f"{name}: the parameter {missing[0]!r} is not described", fix="add it", file=file)
    return str(entry["says"]).strip(), {p: str(described[p]).strip() for p in parameters}


def _available(views: Views) -> list[tuple[str, tuple[str, ...]]]:
    return [(n, STRUCTURAL[n]) for n in STRUCTURAL_TOOLS] + [(t.name, t.parameters) for t in views.scenario.tools]


def _channels(views: Views, text: str) -> str:
    """A description with `{channels}` filled in: the proper channels that are still there."""
    if "{channels}" not in text:
        return text
    named = views.language.words.get("channels")
    known = {c.type: named.get(c.type) for c in views.scenario.channels} if isinstance(named, View) else {}
    there = [f'"{name}"' for name in known.values() if name]
    return text.replace("{channels}", ", ".join(there) or str(views.language.word("channels", "none")))


def function_schemas(views: Views) -> tuple[dict[str, Any], ...]:
    """The structural tools and those of the scenario, in the form that the OpenAI protocol uses."""
    out: list[dict[str, Any]] = []
    for name, parameters in _available(views):
        says, described = _wording(views.language, name, parameters)
        properties = {
            p: {**TYPES.get(p, {"type": "string"}), "description": _channels(views, d)} for p, d in described.items()
        }
        out.append(
            {
                "type": "function",
                "function": {
                    "name": name,
                    "description": _channels(views, says),
                    "parameters": {
                        "type": "object",
                        "properties": properties,
                        "required": [p for p in parameters if p not in OPTIONAL],
                        "additionalProperties": False,
                    },
                },
            }
        )
    return tuple(out)


def tagged_tools(views: Views) -> str:
    """How to use the scenario's tools as tagged text; reading needs none, since everything is in the prompt."""
    blocks = []
    for name, parameters in [*((t.name, t.parameters) for t in views.scenario.tools), ("finish_task", ("summary",))]:
        says, described = _wording(views.language, name, parameters)
        long = next((p for p in LONG if p in parameters), "")
        head = [f"{p}: ({_channels(views, described[p])})" for p in parameters if p != long]
        body = ["", f"({_channels(views, described[long])})"] if long and head else [f"({described[long]})"] if long else []
        blocks.append("\n".join([_channels(views, says), f"<{name}>", *head, *body, f"</{name}>"]))
    return "\n\n".join(blocks)
