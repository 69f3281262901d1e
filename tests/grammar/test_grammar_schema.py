"""The published JSON Schema, and the loader: the same verdict on the same document."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import fuzzgen
from fuzzgen.errors import GrammarError
from fuzzgen.grammar import built_in
from fuzzgen.paths import data_dir

Data = dict[str, Any]
FILES = sorted(data_dir("grammars").glob("*.yaml"))


@pytest.fixture(scope="module")
def schema() -> Data:
    loaded: Data = json.loads((data_dir("grammars") / "schema" / "grammar.schema.json").read_text(encoding="utf-8"))
    return loaded


def test_the_schema_is_one(schema: Data) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_grammar_that_ships_fits_the_schema(path: Path, schema: Data) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert not [e.message for e in jsonschema.Draft202012Validator(schema).iter_errors(document)]
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema/grammar.schema.json")


@pytest.mark.parametrize("name", sorted(built_in()))
def test_every_grammar_that_ships_loads(name: str) -> None:
    assert fuzzgen.load_grammar(name).name == name


def _paths(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    out = [at] if at else []
    if isinstance(value, dict):
        for key, child in value.items():
            out += _paths(child, (*at, key))
    elif isinstance(value, list):
        for i, child in enumerate(value):
            out += _paths(child, (*at, i))
    return out


def test_the_loader_refuses_exactly_what_the_schema_refuses(
    schema: Data, data: Data, written: Callable[[Data | str], Path]
) -> None:
    """At every place of a document: the value dropped, or another type in its place, or a stranger beside it."""
    validator = jsonschema.Draft202012Validator(schema)
    changes: tuple[Any, ...] = ("drop", 7, "Not A Word", [], {}, True, "stranger")
    judged = {True: 0, False: 0}
    for i, path in enumerate(_paths(data)):
        for change in (changes[i % 7], changes[(i + 3) % 7]):
            document = copy.deepcopy(data)
            at: Any = document
            for key in path[:-1]:
                at = at[key]
            last: Any = path[-1]
            if change == "drop":
                del at[last]
            elif change == "stranger":
                if not isinstance(at[last], dict):
                    continue
                at[last]["stranger_"] = 7
            else:
                at[last] = change
            fits = validator.is_valid(document)
            judged[fits] += 1
            assert refused_by_schema(written(document)) == (not fits), (path, change)
    assert min(judged.values()) > 25


def refused_by_schema(path: Path) -> bool:
    """Whether it is the schema that a grammar breaks, and not the references within it."""
    try:
        fuzzgen.load_grammar(path)
    except GrammarError as error:
        words = ("there is no", "above max", "may be absent", "has several", "a line has no", "no relation")
        return not any(word in error.message for word in words)
    return False
