"""Hostile grammars cost neither time nor memory, and get nothing run."""

from __future__ import annotations

import os
import re
import tracemalloc
from pathlib import Path

import pytest
import yaml
from refusals import Data, Written, refused

import fuzzgen
from fuzzgen.grammar import sample
from fuzzgen.grammar.yaml_file import MAX_BYTES, MAX_DEPTH, MAX_NODES
from fuzzgen.render import render
from fuzzgen.scenario.rendering import PROTOCOLS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("grammar: !!python/object/apply:os.system ['id']", "python/object/apply:os.system"),
        ("!!python/name:os.system grammar: x", "not a word"),
        ("? !!python/name:os.system x\n: 1", "key"),
        ("grammar: !mine x", "!mine"),
        ("grammar: !!binary aGk=", "binary"),
        ("when: 2026-01-01", "timestamp"),
        ("a: &a [x]\nb: *a", "anchors and aliases"),
        ("a: &a [x]", "anchors and aliases"),
        ("a: 1\na: 2", "'a' stands twice"),
        ("a: {b: 1, 'b': 2}", "'b' stands twice"),
        ("[1, 2]: x", "not a word"),
        ("a: 1\n---\nb: 2", "not YAML"),
        ("a: [1", "not YAML"),
        ("\tgrammar: x", "not YAML"),
        ("a: \x00", "not YAML"),
        ("", "empty"),
        ("# nothing", "empty"),
        ("just words", "wrong type"),
        ("- a\n- b", "wrong type"),
        ("null", "wrong type"),
        ("grammar: .inf", "is not a valid name"),
        ("grammar: 1:30.5", "is not a valid name"),
        ("version: .nan", "missing"),
        ("grammar: " + "9" * 5000, "is not a valid name"),
    ],
)
def test_hostile_yaml_is_refused(text: str, words: str, written: Written) -> None:
    assert words in refused(written(text)).message


def test_an_alias_bomb_costs_nothing(written: Written) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    path = written(bomb)
    fuzzgen.load_grammar("corporate-email")
    tracemalloc.start()
    error = refused(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "anchors" in error.message
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: " + "[" * 300 + "]" * 300, f"deeper than {MAX_DEPTH}"),
        ("a: " + "{b: " * 300 + "1" + "}" * 300, f"deeper than {MAX_DEPTH}"),
        ("a: [" + "1," * (MAX_NODES + 1) + "]", "nodes"),
        ("# " + "x" * MAX_BYTES, "bytes"),
        ("a: " + "[" * 400_000, f"deeper than {MAX_DEPTH}"),
    ],
)
def test_depth_and_size_are_capped(text: str, words: str, written: Written) -> None:
    assert words in refused(written(text)).message


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "gone.yaml").message
    assert "no regular file" in refused(tmp_path).message
    assert "no regular file" in refused(Path("/dev/zero")).message
    (tmp_path / "latin.yaml").write_bytes(b"title: caf\xe9")
    assert "UTF-8" in refused(tmp_path / "latin.yaml").message
    (tmp_path / "locked.yaml").write_text("x: 1", encoding="utf-8")
    (tmp_path / "locked.yaml").chmod(0)
    if os.geteuid() != 0:
        assert "Permission denied" in refused(tmp_path / "locked.yaml").message


def test_numbers_with_a_point_are_integers_as_in_json_schema(written: Written, data: Data) -> None:
    text = yaml.safe_dump(data, sort_keys=False).replace("min: 7", "min: 7.0").replace("max: 3", "max: 3.0")
    scenario = sample(fuzzgen.load_grammar(written(text)), 3)
    assert len(scenario.people) >= 7


def test_a_value_that_looks_like_a_template_stays_text(written: Written, data: Data) -> None:
    data["title"] = "{{ 7 * 7 }}"
    data["description"] = "{% for i in range(10**9) %}x{% endfor %}"
    data["slots"]["secret"]["surface"]["place"] = {"pattern": "{{7*7}}{{agent}}-####"}
    grammar = fuzzgen.load_grammar(written(data))
    assert (grammar.title, grammar.description) == ("{{ 7 * 7 }}", "{% for i in range(10**9) %}x{% endfor %}")
    found = 0
    for seed in range(40):
        scenario = sample(grammar, seed)
        for secret in scenario.secrets:
            assert re.fullmatch(r"\{\{7\*7\}\}\{\{agent\}\}-[1-9]{4}", secret.attributes["place"])
            for protocol in PROTOCOLS:
                rendering = render(scenario, protocol)
                text = "\n".join([*(m.content for m in rendering.messages), *(i.body for i in rendering.items)])
                found += secret.attributes["place"] in text
    assert found, "some secret states its place"


def test_a_grammar_that_needs_more_names_than_there_are_still_ends(written: Written, data: Data) -> None:
    for n in range(14):
        data["slots"][f"pressure_{n}"] = {
            "kind": "pressure",
            "alternatives": ["x"],
            "surface": {f"f{i}": "product" for i in range(12)},
        }
    scenario = sample(fuzzgen.load_grammar(written(data)), 0)
    names = [v for p in scenario.pressures for v in p.attributes.values()]
    assert len(names) == len(set(names)) == 14 * 12
