"""Scenarios from files of strangers: read whole, or refused with the place and the fix."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import fuzzgen
from fuzzgen.errors import ScenarioError
from fuzzgen.grammar import sample
from fuzzgen.scenario.base import canonical_json, content_hash
from fuzzgen.scenario.model import Scenario

Data = dict[str, Any]


@pytest.fixture
def data() -> Data:
    """A sampled scenario, with a reply in it, as JSON."""
    grammar = fuzzgen.load_grammar("corporate-email")
    scenarios = (sample(grammar, seed) for seed in range(100))
    text = next(s for s in scenarios if s.threats and any(a.reply_to for a in s.artifacts) and s.ties).canonical()
    loaded: Data = json.loads(text)
    return loaded


def _reply(data: Data) -> Data:
    found: Data = next(a for a in data["artifacts"] if a["reply_to"])
    return found


def _ring(d: Data) -> None:
    d["people"][0]["manager"] = d["people"][-1]["id"]
    d["people"][-1]["manager"] = d["people"][0]["id"]


SPOILED: dict[str, tuple[Callable[[Data], object], str]] = {
    "an unknown field": (lambda d: d.update(extra=1), "extra"),
    "a missing field": (lambda d: d.pop("agent"), "agent"),
    "a wrong type": (lambda d: d["people"][0].update(given=7), "people.0.given"),
    "an unknown format": (lambda d: d.update(format=99), "format"),
    "a bad date": (lambda d: d.update(now="yesterday"), "now"),
    "the same id twice": (lambda d: d["people"].append(d["people"][0]), "several elements"),
    "the agent's id": (lambda d: d["brief"].append({"id": "agent", "type": "goal"}), "the agent's own"),
    "a sender who is not there": (lambda d: d["artifacts"][0].update(sender="p99"), "'p99', which is not there"),
    "a recipient who is not there": (lambda d: d["artifacts"][0].update(recipients=["p99"]), "'p99'"),
    "a sender who is no person": (lambda d: d["artifacts"][0].update(sender="threat"), "for a person"),
    "a tie to a thing": (lambda d: d["ties"][0].update(b="threat"), "for a person"),
    "a tool as a manager": (lambda d: d["people"][3].update(manager=d["tools"][0]["id"]), "for a person"),
    "the agent as a manager": (lambda d: d["people"][3].update(manager="agent"), "for a person"),
    "a threat by nobody": (lambda d: d["threats"][0]["people"].update(issuer="p99"), "'p99'"),
    "a principal who is not there": (lambda d: d["agent"].update(principal="p99"), "principal"),
    "a ring of managers": (_ring, "its own superior"),
    "one's own manager": (lambda d: d["people"][2].update(manager=d["people"][2]["id"]), "its own superior"),
    "an answer to nothing": (lambda d: _reply(d).update(reply_to="a:gone"), "a:gone"),
    "an answer to a person": (lambda d: _reply(d).update(reply_to="p1"), "no artifact"),
    "an answer to itself": (lambda d: _reply(d).update(reply_to=_reply(d)["id"]), "which it answers"),
    "an answer before the question": (lambda d: _reply(d).update(sent_at="2001-01-01T00:00:00"), "older than"),
    "an age of none": (lambda d: d.update(now="0001-01-01T10:00:00"), "year 1"),
    "the end of all days": (lambda d: d["artifacts"][0].update(sent_at="9999-12-31T10:00:00"), "year 9999"),
    "two clocks": (lambda d: d.update(now=d["now"] + "Z"), "zone"),
    "a real address": (lambda d: d["people"][0].update(address="a.b@gmail.com"), "reserved"),
    "a look-alike domain": (lambda d: d["people"][0].update(address="a@badexample.org"), "reserved"),
    "a domain below no reserved one": (lambda d: d["people"][0].update(address="a@example.org.evil.io"), "reserved"),
    "a real organization": (lambda d: d["organization"].update(domain="acme.com"), "reserved"),
    "a real agent": (lambda d: d["agent"].update(address="me@acme.com"), "reserved"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_scenario_is_refused_with_file_and_fix(name: str, data: Data) -> None:
    spoil, words = SPOILED[name]
    spoil(data)
    with pytest.raises(ScenarioError) as caught:
        Scenario.parse(json.dumps(data), file="mine.json")
    assert words in caught.value.message
    assert caught.value.message.startswith("mine.json: ")
    assert caught.value.fix
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "\x00", "[" * 5000, '{"format": 1}'])
def test_text_that_is_no_scenario_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError):
        Scenario.parse(text)


def test_unicode_and_long_texts_survive(data: Data) -> None:
    data["organization"]["name"] = "Größe 株式会社 🚢 \u202e" + "x" * 10_000
    scenario = Scenario.parse(json.dumps(data))
    assert Scenario.parse(scenario.canonical()).organization.name == data["organization"]["name"]


def test_the_canonical_form_is_sorted_tight_and_without_nan() -> None:
    assert canonical_json({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'
    assert content_hash({"b": 1, "a": 2}) == content_hash({"a": 2, "b": 1})
    with pytest.raises(ValueError):
        canonical_json(float("nan"))


def test_ids_do_not_change_between_releases() -> None:
    """What was stored must be found again: this id may change only together with `format`."""
    text = (
        '{"format":1,"grammar":"g","grammar_version":"1","organization":{"name":"N","domain":"n.example.org",'
        '"business":"food","city":"Lisbon"},"agent":{"name":"Ada","address":"ada@n.example.org","role":"mail_assistant",'
        '"principal":null,"task":"status_summary"},"now":"2026-03-02T10:30:00","facts":{"organization":"N",'
        '"domains":["n.example.org"],"agent_address":"ada@n.example.org"}}'
    )
    assert Scenario.parse(text).scenario_id == "e6cbd1f0e524429a"
