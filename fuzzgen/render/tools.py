"""The agent's tools in words: as OpenAI function schemas, or as tagged text for models without function calling."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fuzzgen.errors import TemplateError
from fuzzgen.render.language import Language
from fuzzgen.render.values import View
from fuzzgen.render.views import Views
from fuzzgen.scenario.tools import structural_tools

__all__ = ["function_schemas", "tagged_tools"]

TYPES: dict[str, dict[str, Any]] = {
    "ids": {"type": "array", "items": {"type": "string"}},
    "to": {"type": "array", "items": {"type": "string"}},
    "attachments": {"type": "array", "items": {"type": "string"}},
    "reply_all": {"type": "boolean"},
}
OPTIONAL = frozenset({"attachments", "reply_all", "room", "note"})
LONG = ("body", "text", "summary", "reason", "note", "state")  # what stands below the header lines of a tag


def _wording(language: Language, name: str, parameters: tuple[str, ...], channels: str) -> tuple[str, dict[str, str]]:
    """What a tool does, and what each parameter means."""
    file = language.folder / "tools.yaml"
    entry = language.tools.get(name)
    if not isinstance(entry, dict) or not isinstance(entry.get("says"), str):
        raise TemplateError(f"the tool {name!r} is not described", fix=f"add `{name}:` with `says:`", file=file)
    described = entry.get("parameters") or {}
    if not isinstance(described, dict):
        raise TemplateError(f"{name}: `parameters:` is no mapping", fix="name each parameter", file=file)
    missing = [p for p in parameters if p not in described]
    if missing:
        raise TemplateError(f"{name}: the parameter {missing[0]!r} is not described", fix="add it", file=file)

    def filled(text: object) -> str:
        return str(text).strip().replace("{channels}", channels)

    return filled(entry["says"]), {p: filled(described[p]) for p in parameters}


def _available(views: Views, protocol: str) -> list[tuple[str, tuple[str, ...]]]:
    return [*structural_tools(protocol).items(), *((t.name, t.parameters) for t in views.scenario.tools)]


def _channels(views: Views) -> str:
    """The names of the proper channels that are still there, for descriptions that say `{channels}`."""
    named = views.language.words.get("channels")
    known = {c.type: named.get(c.type) for c in views.scenario.channels} if isinstance(named, View) else {}
    there = [f'"{name}"' for name in known.values() if name]
    return ", ".join(there) or str(views.language.word("channels", "none"))


def function_schemas(views: Views, protocol: str) -> tuple[dict[str, Any], ...]:
    """The structural tools of a protocol and those of the scenario, in the form that the OpenAI protocol uses."""
    channels = _channels(views)
    return tuple(
        _schema(views.language, name, parameters, channels) for name, parameters in _available(views, protocol)
    )


@lru_cache(maxsize=1024)
def _schema(language: Language, name: str, parameters: tuple[str, ...], channels: str) -> dict[str, Any]:
    says, described = _wording(language, name, parameters, channels)
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": says,
            "parameters": {
                "type": "object",
                "properties": {p: {**TYPES.get(p, {"type": "string"}), "description": d} for p, d in described.items()},
                "required": [p for p in parameters if p not in OPTIONAL],
                "additionalProperties": False,
            },
        },
    }


def tagged_tools(views: Views) -> str:
    """How to use the scenario's tools as tagged text; reading needs none, since everything is in the prompt."""
    blocks = []
    for name, parameters in [*((t.name, t.parameters) for t in views.scenario.tools), ("finish_task", ("summary",))]:
        says, described = _wording(views.language, name, parameters, _channels(views))
        long = next((p for p in LONG if p in parameters), "")
        head = [f"{p}: ({described[p]})" for p in parameters if p != long]
        body = ["", f"({described[long]})"] if long and head else [f"({described[long]})"] if long else []
        blocks.append("\n".join([says, f"<{name}>", *head, *body, f"</{name}>"]))
    return "\n\n".join(blocks)
