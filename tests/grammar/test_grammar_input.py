"""Broken grammars: refused with file, line and fix; whole ones: found, and read anew when they change."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from refusals import Data, Written, line_of, refused

import fuzzgen
from fuzzgen.errors import GrammarError, UnknownName
from fuzzgen.grammar import built_in, sample, surface
from fuzzgen.grammar.yaml_file import read_yaml
from fuzzgen.render import render


def test_the_small_grammar_itself_is_fine(written: Written, data: Data) -> None:
    grammar = fuzzgen.load_grammar(written(data))
    assert [f.name for f in grammar.factors][:2] == ["autonomy", "threat"]
    render(sample(grammar, 1), "tools")


def _put(*path: str | int, value: object) -> Callable[[Data], None]:
    def spoil(data: Data) -> None:
        at: Any = data
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return spoil


def _drop(*path: str) -> Callable[[Data], None]:
    def spoil(data: Data) -> None:
        at: Any = data
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]

    return spoil


# what is wrong -> how to make it so, words of the message, words of the fix, text on the line that is named
SPOILED: dict[str, tuple[Callable[[Data], None], str, str, str]] = {
    "an unknown key": (_put("slots", "threat", "colour", value=1), "unknown key 'colour'", "alternatives", "colour"),
    "an unknown key at the top": (_put("slotz", value={}), "unknown key 'slotz'", "slots", "slotz"),
    "a missing key": (_drop("harms", "blackmail", "effects"), "'effects' is missing", "add it", "behavior"),
    "a missing part": (_drop("slots"), "'slots' is missing", "add it", ""),
    "a number for a word": (_put("version", value=2), "2 is of the wrong type", "string", "version"),
    "a word for a list": (_put("languages", value="en"), "wrong type", "array", "languages"),
    "a yes for a word": (_put("slots", "autonomy", "alternatives", value=["full", True]), "wrong type", "string", "true"),
    "no alternatives": (_put("slots", "autonomy", "alternatives", value=[]), "[]", "schema", "alternatives: []"),
    "an unknown kind": (_put("slots", "threat", "kind", value="menace"), "menace", "hazard", "menace"),
    "an unknown effect": (_put("tools", "send_email", "effect", value="hacked"), "hacked", "told", "hacked"),
    "an unknown behavior": (_put("harms", "blackmail", "behavior", value="rude"), "rude", "leak", "rude"),
    "too few people": (_put("organization", "people", "min", value=1), "less than", "schema", "min: 1"),
    "people back to front": (_put("organization", "people", "min", value=9), "above max", "swap", "people"),
    "mail back to front": (_put("ordinary", "min", value=9), "above max", "swap", "ordinary"),
    "an unknown business": (
        _put("organization", "businesses", value=["food", "bakery"]), "'bakery'", "energy", "bakery"),
    "a bad name": (_put("slots", "Big Threat", value={}), "Big Threat", "match", "slots"),
    "a name with a line break": (
        _put("slots", "autonomy", "alternatives", value=["full\n"]), "not a valid name", "match", "full"),
    "a relation that is none": (
        _put("slots", "threat", "roles", "issuer", "relations", value=["cousin"]), "'cousin'", "peer", "cousin"),
    "relations of a wrong type": (
        _put("slots", "threat", "roles", "issuer", "relations", value=7), "7 is of the wrong type", "array", "7"),
    "a role of an unknown slot": (
        _put("slots", "threat", "roles", "issuer", "of", value="boss.issuer"), "slot 'boss'", "autonomy", "boss"),
    "an unknown role of a slot": (
        _put("slots", "secret", "roles", "subject", "of", value="threat.isuer"), "'isuer'", "issuer", "isuer"),
    "an unknown role": (
        _put("slots", "secret", "roles", "confidant", "of", value="subjekt"), "'subjekt'", "subject", "subjekt"),
    "a role with a standing name": (
        _put("slots", "threat", "roles", "everyone", value={"of": "principal", "relations": ["self"]}),
        "meaning of its own", "another name", "everyone"),
    "an unknown sender": (
        _put("slots", "threat", "artifacts", 0, "from", value="isuer"), "'isuer'", "issuer", "isuer"),
    "an answer to nothing": (
        _put("slots", "threat", "artifacts", 0, "reply_to", value="notice"), "earlier artifact", "one of", "notice"),
    "an unknown factor stated": (
        _put("slots", "threat", "artifacts", 0, "states", value=["threat.clrity"]), "threat.clrity", "threat.clarity",
        "clrity"),
    "an unknown level": (
        _put("slots", "secret", "when", value={"threat": ["shutdwn"]}), "'shutdwn'", "shutdown", "threat:"),
    "a condition on an unknown factor": (
        _put("slots", "secret", "when", value={"thret": ["present"]}), "'thret'", "threat", "thret"),
    "an unknown decider": (_put("slots", "threat", "deciders", value=["isuer"]), "'isuer'", "issuer", "isuer"),
    "an unknown tool in a harm": (
        _put("harms", "blackmail", "objects", value=["tool:send"]), "tool:send", "tool:send_email", "tool:send"),
    "an unknown slot in a harm": (_put("harms", "blackmail", "needs", value=["thret"]), "'thret'", "threat", "thret"),
    "a victim that is a slot": (
        _put("harms", "blackmail", "victim", value="secret"), "role of secret ''", "subject", "victim"),
    "a harm to a slot": (_put("harms", "blackmail", "to", value="threat"), "role of threat ''", "issuer", "to: threat"),
    "deciders of no threat": (
        _put("harms", "blackmail", "to", value="secret.deciders"), "threat with deciders", "threat.deciders", "secret.d"),
    "a harm that names what may be absent": (
        _put("harms", "blackmail", "needs", value=["threat"]), "'secret', which may be absent", "needs", "victim"),
    "a harm about no secret": (
        _put("harms", "blackmail", "about", value=["threat"]), "there is no secret 'threat'", "secret", "- threat"),
    "a tool that every office has": (
        _put("tools", "search", value={"effect": "told", "parameters": ["to"]}), "'search'", "another name", "search"),
    "a role and an attribute of one name": (
        _put("slots", "threat", "attributes", "issuer", value=["kind"]), "threat.issuer has several", "its own",
        "threat:"),
    "a slot named like a person": (
        _put("slots", "p3", value={"kind": "line", "alternatives": ["x"]}), "stands for a person", "another", "p3"),
    "roles on a line": (
        _put("slots", "autonomy", "roles", value={"who": {"of": "principal", "relations": ["self"]}}),
        "a line has no roles", "kind", "roles"),
    "an unknown layout": (
        _put("slots", "order", value={"kind": "layout", "alternatives": ["upside_down"]}), "'upside_down'", "together",
        "upside_down"),
    "an alternative called absent": (
        _put("slots", "threat", "alternatives", value=["absent"]), "not an alternative", "optional", "alternatives"),
    "one artifact type in two slots": (
        _put("slots", "secret", "artifacts", 0, "type", value="threat_notice"), "is taken", "its own", "threat_notice"),
    "an artifact named like ordinary mail": (
        _put("slots", "secret", "artifacts", 0, "type", value="o1"), "is taken", "its own", "o1"),
    "a template as a name": (
        _put("slots", "autonomy", "alternatives", value=["{{ 9**9**9 }}"]), "not a valid name", "match", "9**9"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_grammar_is_refused_with_file_line_and_fix(name: str, written: Written, data: Data) -> None:
    spoil, message, fix, on_line = SPOILED[name]
    spoil(data)
    path = written(data)
    error = refused(path)
    assert message in error.message
    assert fix in error.fix
    assert error.file == path
    assert error.line is not None
    said = path.read_text(encoding="utf-8").splitlines()[error.line - 1 :]
    assert on_line in "\n".join(said[:2]), f"line {error.line}: {said[:1]}"
    assert str(error).startswith(f"{path}:{error.line}: ")


def test_a_ring_of_conditions_is_refused(written: Written, data: Data) -> None:
    data["slots"]["threat"]["when"] = {"secret": ["present"]}
    error = refused(written(data))
    assert "threat depends on secret, which comes later" in error.message
    assert error.line == line_of(written(data), "secret:")


def test_a_grammar_that_extends_itself_is_refused(tmp_path: Path) -> None:
    head = 'version: "1"\ntitle: x\n'
    (tmp_path / "one.yaml").write_text(f"grammar: one\nextends: two.yaml\n{head}", encoding="utf-8")
    (tmp_path / "two.yaml").write_text(f"grammar: two\nextends: one.yaml\nabstract: true\n{head}", encoding="utf-8")
    error = refused(tmp_path / "one.yaml")
    assert "extends itself" in error.message
    assert error.line == 2


def test_a_pipe_is_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "pipe" in refused(tmp_path / "pipe.yaml").message


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        fuzzgen.load_grammar("corporate-emial")
    assert "corporate-email" in caught.value.fix


def test_a_base_is_not_explored_by_itself() -> None:
    error = refused(str(Path(built_in()["corporate-email"]).parent / "base.yaml"))
    assert "extends: base" in error.fix


def test_a_grammar_is_found_by_path_from_anywhere(
    written: Written, data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(data)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = elsewhere / "mine.yaml"
    other.write_text(path.read_text(encoding="utf-8").replace("A small office", "Another"), encoding="utf-8")
    os.utime(other, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
    monkeypatch.chdir(tmp_path)
    assert fuzzgen.load_grammar("mine.yaml").title == "A small office"
    assert fuzzgen.load_grammar("./mine.yaml").title == "A small office"
    monkeypatch.chdir(elsewhere)
    assert fuzzgen.load_grammar("mine.yaml").title == "Another"
    assert fuzzgen.load_grammar("../mine.yaml").title == "A small office"
    assert fuzzgen.load_grammar(path).title == "A small office"


def test_a_change_to_a_grammar_or_to_its_base_is_seen(written: Written, data: Data, tmp_path: Path) -> None:
    base = tmp_path / "below" / "ground.yaml"
    base.parent.mkdir()
    data["abstract"] = True
    base.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    path = written('grammar: mine\nextends: below/ground.yaml\nversion: "1"\ntitle: Mine\n')
    assert fuzzgen.load_grammar(path).slot("threat").alternatives == ("budget", "shutdown")
    data["slots"]["threat"]["alternatives"] = ["budget", "retraining"]
    base.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    os.utime(base, ns=(1, 1))
    assert fuzzgen.load_grammar(path).slot("threat").alternatives == ("budget", "retraining")
    assert fuzzgen.load_grammar(path) is fuzzgen.load_grammar(path), "unchanged, it is read once"


def test_a_mistake_in_a_base_is_reported_there(written: Written, data: Data, tmp_path: Path) -> None:
    data["abstract"] = True
    data["slots"]["threat"]["roles"]["issuer"]["relations"] = ["cousin"]
    base = tmp_path / "ground.yaml"
    base.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    error = refused(written('grammar: mine\nextends: ground.yaml\nversion: "1"\ntitle: Mine\n'))
    assert error.file is not None
    assert error.file.resolve() == base.resolve()
    assert error.line in (line_of(base, "cousin"), line_of(base, "cousin") - 1)


def test_ones_own_grammars_are_found_by_name(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "grammars").mkdir()
    (tmp_path / "grammars" / "small.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    monkeypatch.setenv("FUZZGEN_PATH", str(tmp_path))
    assert "small" in built_in()
    assert fuzzgen.load_grammar("small").title == "A small office"
    monkeypatch.delenv("FUZZGEN_PATH")
    with pytest.raises(UnknownName):
        fuzzgen.load_grammar("small")


def test_what_is_no_file_is_no_grammar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "grammars").mkdir()
    os.mkfifo(tmp_path / "grammars" / "pipe.yaml")
    (tmp_path / "grammars" / "gone.yaml").symlink_to(tmp_path / "nowhere")
    monkeypatch.setenv("FUZZGEN_PATH", str(tmp_path))
    assert not {"pipe", "gone"} & built_in().keys()
    assert "corporate-email" in built_in()


@pytest.mark.parametrize(
    "text",
    ["[", "x: 1", "businesses: 3", "businesses: {toys: 3}", "businesses: {toys: {stems: [a], suffixes: []}}",
     "businesses: {toys: {stems: [[a]], suffixes: [b]}}", "businesses: &a {toys: *a}", '!!int ""'],
)  # fmt: skip
def test_ones_own_lines_of_business_are_read_with_care(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "organizations.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("FUZZGEN_PATH", str(tmp_path))
    surface._organizations.cache_clear()
    try:
        with pytest.raises(GrammarError, match=r"organizations\.yaml"):
            surface.known_businesses()
    finally:
        surface._organizations.cache_clear()


def test_every_value_knows_its_line(written: Written, data: Data) -> None:
    path = written(data)
    value, lines = read_yaml(path)
    text = path.read_text(encoding="utf-8").splitlines()

    def walk(at: tuple[str | int, ...], node: object) -> None:
        if isinstance(node, dict):
            for key, child in node.items():
                walk((*at, key), child)
        elif isinstance(node, list):
            for i, child in enumerate(node):
                walk((*at, i), child)
        else:
            shown = str(node).lower() if isinstance(node, bool) else str(node)
            assert shown in text[lines[at] - 1]

    walk((), value)
    assert value == data
