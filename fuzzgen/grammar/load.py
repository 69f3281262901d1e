"""A YAML file becomes a checked grammar, or an error that names file, line and fix."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from fuzzgen.errors import GrammarError, UnknownName
from fuzzgen.grammar.check import check_references
from fuzzgen.grammar.model import ArtifactSpec, Grammar, HarmSpec, OrdinarySpec, RoleSpec, Slot, ToolSpec, When
from fuzzgen.grammar.yaml_file import Lines, read_yaml
from fuzzgen.paths import data_dir

__all__ = ["built_in", "load_grammar"]


def built_in() -> dict[str, Path]:
    """Name -> file of the grammars that come with fuzzgen."""
    return {path.stem: path for path in sorted(data_dir("grammars").glob("*.yaml"))}


def load_grammar(name: str | Path) -> Grammar:
    """The grammar of this name, or in this file (anything with a `.yaml` ending or a slash).

    Raises GrammarError with file, line and fix; UnknownName where there is no such built-in grammar.
    """
    text = str(name)
    if isinstance(name, Path) or text.endswith((".yaml", ".yml")) or "/" in text:
        path = Path(text)
    else:
        known = built_in()
        if text not in known:
            raise UnknownName("grammar", text, known)
        path = known[text]
    return _load(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=64)
def _load(path: Path, _changed: int) -> Grammar:
    data, lines = read_yaml(path)
    _check_schema(data, lines, path)
    raw = cast("dict[str, Any]", data)
    grammar = _grammar(raw, path)
    check_references(grammar, lines)
    return grammar


@lru_cache(maxsize=1)
def _validator() -> Any:
    import jsonschema

    schema = json.loads((data_dir("grammars") / "schema" / "grammar.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def _check_schema(data: object, lines: Lines, path: Path) -> None:
    errors = sorted(_validator().iter_errors(data), key=lambda e: (len(e.absolute_path) == 0, [str(p) for p in e.path]))
    if not errors:
        return
    error = errors[0]
    at = tuple(error.absolute_path)
    message, fix = error.message, "see grammars/schema/grammar.schema.json"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        allowed = set(error.schema.get("properties", {}))
        extra = sorted(set(error.instance) - allowed)
        if extra:
            at = (*at, extra[0])
            message, fix = f"unknown key {extra[0]!r}", f"allowed here: {', '.join(sorted(allowed))}"
    elif error.validator == "required" and isinstance(error.instance, dict):
        missing = sorted(set(error.schema["required"]) - set(error.instance))
        message, fix = f"the key {missing[0]!r} is missing", "add it"
    elif error.validator == "enum":
        message = f"{_short(error.instance)} is not allowed"
        fix = "one of " + ", ".join(str(v) for v in error.schema["enum"])
    elif error.validator == "pattern":
        message = f"{_short(error.instance)} is not a valid name"
        fix = f"it must match {error.schema['pattern']}"
    elif error.validator == "type":
        message, fix = f"{_short(error.instance)} is of the wrong type", f"make it a {error.schema['type']}"
    raise GrammarError(_short(message, 300), fix=fix, file=path, line=_line(lines, at))


def _short(value: object, limit: int = 60) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _line(lines: Lines, at: tuple[str | int, ...]) -> int | None:
    while at not in lines and at:
        at = at[:-1]
    return lines.get(at)


def _when(raw: dict[str, list[str]] | None) -> When:
    return {factor: tuple(levels) for factor, levels in (raw or {}).items()}


def _role(name: str, raw: dict[str, Any]) -> RoleSpec:
    relations = raw["relations"]
    fixed = dict(relations) if isinstance(relations, dict) else {}
    return RoleSpec(
        name=name,
        of=raw["of"],
        relations=tuple(dict.fromkeys(fixed.values())) if fixed else tuple(relations),
        by_alternative=fixed,
        factor=bool(raw.get("factor", True)) and not fixed,
        distinct=tuple(raw.get("distinct", ())),
    )


def _artifact(raw: dict[str, Any]) -> ArtifactSpec:
    return ArtifactSpec(
        type=raw["type"],
        medium=raw["medium"],
        sender=raw["from"],
        to=tuple(raw["to"]),
        when=_when(raw.get("when")),
        states=tuple(raw.get("states", ())),
        reply_to=raw.get("reply_to", ""),
        carries=bool(raw.get("carries", False)),
        closing=bool(raw.get("closing", False)),
    )


def _slot(name: str, raw: dict[str, Any]) -> Slot:
    return Slot(
        name=name,
        kind=raw["kind"],
        alternatives=tuple(raw["alternatives"]),
        optional=bool(raw.get("optional", False)),
        when=_when(raw.get("when")),
        attributes={k: tuple(v) for k, v in raw.get("attributes", {}).items()},
        roles=tuple(_role(k, v) for k, v in raw.get("roles", {}).items()),
        deciders=tuple(raw.get("deciders", ())),
        scope=raw.get("scope", "person"),
        surface=dict(raw.get("surface", {})),
        topics={k: {lang: tuple(w) for lang, w in v.items()} for k, v in raw.get("topics", {}).items()},
        artifacts=tuple(_artifact(a) for a in raw.get("artifacts", ())),
    )


def _grammar(raw: dict[str, Any], path: Path) -> Grammar:
    organization, ordinary = raw["organization"], raw["ordinary"]
    return Grammar(
        name=raw["grammar"],
        version=str(raw["version"]),
        title=raw["title"],
        description=raw.get("description", "").strip(),
        languages=tuple(raw["languages"]),
        people=(organization["people"]["min"], organization["people"]["max"]),
        businesses=tuple(organization["businesses"]),
        departments=tuple(organization["departments"]),
        roles=tuple(raw["agent"]["roles"]),
        tasks=tuple(raw["agent"]["tasks"]),
        ordinary=OrdinarySpec(
            ordinary["min"],
            ordinary["max"],
            tuple(ordinary["emails"]),
            tuple(ordinary.get("documents", ())),
            tuple(ordinary.get("replies", ())),
        ),
        slots=tuple(_slot(k, v) for k, v in raw["slots"].items()),
        tools=tuple(
            ToolSpec(
                name=k,
                effect=v["effect"],
                parameters=tuple(v["parameters"]),
                object_kind=v.get("object", ""),
                when=_when(v.get("when")),
                objects=tuple(v.get("objects", ())),
            )
            for k, v in raw["tools"].items()
        ),
        harms=tuple(
            HarmSpec(
                name=k,
                behavior=v["behavior"],
                effects=tuple(v["effects"]),
                to=v.get("to", ""),
                objects=tuple(v.get("objects", ())),
                about=tuple(v.get("about", ())),
                condition=bool(v.get("condition", False)),
                victim=v.get("victim", ""),
                needs=tuple(v["needs"]),
                protects=tuple(v.get("protects", ())),
                explanation=v["explanation"].strip(),
            )
            for k, v in raw["harms"].items()
        ),
        file=path,
    )
