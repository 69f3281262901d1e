"""A YAML file becomes a checked grammar, or an error that names file, line and fix."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from fuzzgen.errors import GrammarError, UnknownName, nearest
from fuzzgen.grammar.check import check_references
from fuzzgen.grammar.extend import Place, Places, merged
from fuzzgen.grammar.model import (
    PRESENT,
    TITLES,
    ArtifactSpec,
    Grammar,
    HarmSpec,
    OrdinarySpec,
    RoleSpec,
    Slot,
    ToolSpec,
    When,
)
from fuzzgen.grammar.names import built_in, is_abstract, named_files
from fuzzgen.paths import data_dir

__all__ = ["load_grammar", "load_named"]

MOST_SHOWN = 60  # characters of a name that is none


def load_grammar(name: str | Path) -> Grammar:
    """The grammar of this name, or in this file (anything with a `.yaml` ending or a slash).

    Only for what the user typed: a name that stands in a file or a database goes to `load_named`. Raises GrammarError with
    file, line and fix, also for a base, which is there to be extended; UnknownName where there is no such grammar.
    """
    text = str(name)
    if isinstance(name, Path) or text.endswith((".yaml", ".yml")) or "/" in text:
        return _load(Path(text))
    files = named_files()
    if text not in files:
        raise UnknownName("grammar", text, built_in())
    return _load(files[text])


def load_named(name: str) -> Grammar:
    """The grammar that a scenario, a seed or a row names: one that ships or lies on `FUZZGEN_PATH`, never a path.

    Raises UnknownName for anything else, GrammarError as load_grammar.
    """
    files = named_files()
    if name not in files:
        known = built_in()
        close = nearest(name, known) if len(name) <= MOST_SHOWN else []
        fix = (
            f"did you mean {' or '.join(close)}?"
            if close
            else "name one of `fuzzgen grammar list`, or set FUZZGEN_PATH"
        )
        shown = name if len(name) <= MOST_SHOWN else f"{name[:MOST_SHOWN]}…"
        raise UnknownName("grammar", shown, known, fix=fix)
    return _load(files[name])


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


def _load(path: Path) -> Grammar:
    """From the cache, unless one of the files it was read from has changed, or other grammars ship."""
    shipped = tuple(named_files().values())
    grammar, read = _loaded(path, path.absolute(), shipped)
    if any(_changed(file) != then for file, then in read):
        _loaded.cache_clear()
        grammar, _ = _loaded(path, path.absolute(), shipped)
    return grammar


@lru_cache(maxsize=64)
def _loaded(path: Path, _where: Path, _shipped: tuple[Path, ...]) -> tuple[Grammar, tuple[tuple[Path, int], ...]]:
    raw, places = merged(path, _base, _check_schema)
    if path.is_file() and is_abstract(path):
        raise GrammarError("a base is there to be extended", fix=f"write `extends: {path.stem}`", file=path, line=1)
    _check_schema(raw, places)
    grammar = _grammar(raw, path, places)
    check_references(grammar, places)
    files = {path, *(file for file, _ in places.values())}
    return grammar, tuple((file.absolute(), _changed(file)) for file in files)


def _base(name: str, place: Place) -> Path:
    """The file of a base: one that ships, or a path from where the grammar lies that extends it."""
    file, line = place
    beside = file.parent / name
    if name.endswith((".yaml", ".yml")):
        if beside.is_file():
            return beside
        raise GrammarError(f"there is no file {beside}", fix="mend the path after `extends:`", file=file, line=line)
    known = named_files()
    if name not in known:
        close = nearest(name, known) or sorted(known)
        raise GrammarError(f"there is no grammar {name!r}", fix=f"one of {', '.join(close)}", file=file, line=line)
    return known[name]


@lru_cache(maxsize=1)
def _validator() -> Any:
    import jsonschema

    schema = json.loads((data_dir("grammars") / "schema" / "grammar.schema.json").read_text(encoding="utf-8"))
    validators: Any = jsonschema.validators
    return validators.extend(jsonschema.Draft202012Validator, {"pattern": _pattern})(schema)


def _pattern(_validator: Any, pattern: str, instance: object, _schema: object) -> Iterator[Any]:
    """`$` is the end of the text, as JSON Schema has it; in Python a line break may follow."""
    import jsonschema

    if isinstance(instance, str) and not re.search(pattern.removesuffix("$") + r"\Z" * pattern.endswith("$"), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _check_schema(data: object, places: Places) -> None:
    import jsonschema

    errors = sorted(_validator().iter_errors(data), key=lambda e: (len(e.absolute_path) == 0, [str(p) for p in e.path]))
    if not errors:
        return
    error = errors[0]
    while error.context:  # none of several forms fits: say what keeps it from the one it comes closest to
        error = max(error.context, key=jsonschema.exceptions.relevance)
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
        types = error.schema["type"]
        message = f"{_short(error.instance)} is of the wrong type"
        fix = f"make it a {types if isinstance(types, str) else ' or '.join(types)}"
    file, line = _place(places, at)
    raise GrammarError(message if len(message) <= 300 else message[:299] + "…", fix=fix, file=file, line=line)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


def _place(places: Places, at: tuple[str | int, ...]) -> Place:
    while at not in places and at:
        at = at[:-1]
    return places[at]


def _when(raw: dict[str, list[str]] | None, slots: dict[str, Any]) -> When:
    """Factor -> levels; `present` stands for all that a factor has."""
    out: When = {}
    for factor, levels in (raw or {}).items():
        all_levels: list[str] = []
        for level in levels:
            all_levels += _levels(factor, slots) or [level] if level == PRESENT else [level]
        out[factor] = tuple(dict.fromkeys(all_levels))
    return out


def _levels(factor: str, slots: dict[str, Any]) -> list[str]:
    slot, _, attribute = factor.partition(".")
    raw = slots.get(slot, {})
    if not attribute:
        return list(raw.get("alternatives", ()))
    if attribute in raw.get("attributes", {}):
        return list(raw["attributes"][attribute])
    relations = raw.get("roles", {}).get(attribute, {}).get("relations", ())
    return list(relations.values()) if isinstance(relations, dict) else list(relations)


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


def _artifact(raw: dict[str, Any], slots: dict[str, Any]) -> ArtifactSpec:
    return ArtifactSpec(
        type=raw["type"],
        medium=raw["medium"],
        sender=raw["from"],
        to=tuple(raw["to"]),
        when=_when(raw.get("when"), slots),
        states=tuple(raw.get("states", ())),
        reply_to=raw.get("reply_to", ""),
        carries=bool(raw.get("carries", False)),
        closing=bool(raw.get("closing", False)),
    )


def _slot(name: str, raw: dict[str, Any], slots: dict[str, Any]) -> Slot:
    return Slot(
        name=name,
        kind=raw["kind"],
        alternatives=tuple(raw["alternatives"]),
        optional=bool(raw.get("optional", False)),
        when=_when(raw.get("when"), slots),
        attributes={k: tuple(v) for k, v in raw.get("attributes", {}).items()},
        roles=tuple(_role(k, v) for k, v in raw.get("roles", {}).items()),
        deciders=tuple(raw.get("deciders", ())),
        scope=raw.get("scope", "person"),
        surface={k: v if isinstance(v, str) else f"pattern:{v['pattern']}" for k, v in raw.get("surface", {}).items()},
        objects=tuple(raw.get("objects", ())),
        topics={k: {lang: tuple(w) for lang, w in v.items()} for k, v in raw.get("topics", {}).items()},
        artifacts=tuple(_artifact(a, slots) for a in raw.get("artifacts", ())),
    )


def _grammar(raw: dict[str, Any], path: Path, places: Places) -> Grammar:
    organization, ordinary, slots = raw["organization"], raw["ordinary"], raw["slots"]
    return Grammar(
        name=raw["grammar"],
        version=str(raw["version"]),
        title=raw["title"],
        description=raw.get("description", "").strip(),
        languages=tuple(raw["languages"]),
        people=(int(organization["people"]["min"]), int(organization["people"]["max"])),
        businesses=tuple(organization["businesses"]),
        departments=tuple(organization["departments"]),
        titles={**TITLES, **{k: tuple(v) for k, v in organization.get("titles", {}).items()}},
        posts={k: tuple(v) for k, v in organization.get("posts", {}).items()},
        roles=tuple(raw["agent"]["roles"]),
        tasks=tuple(raw["agent"]["tasks"]),
        ordinary=OrdinarySpec(
            int(ordinary["min"]),  # 7.0 is an integer in JSON Schema
            int(ordinary["max"]),
            tuple(ordinary["emails"]),
            tuple(ordinary.get("documents", ())),
            tuple(ordinary.get("replies", ())),
            tuple(ordinary.get("chats", ())),
            tuple(ordinary.get("tickets", ())),
        ),
        slots=tuple(_slot(k, v, slots) for k, v in slots.items()),
        tools=tuple(
            ToolSpec(
                name=k,
                effect=v["effect"],
                parameters=tuple(v["parameters"]),
                object_kind=v.get("object", ""),
                when=_when(v.get("when"), slots),
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
        places=places,
    )
