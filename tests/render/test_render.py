"""What a model gets to see: the same each time, complete, consistent in time, and whole after any removal."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from fuzzgen.errors import TemplateError
from fuzzgen.grammar import Grammar, sample
from fuzzgen.paths import data_dir
from fuzzgen.render import load_language, render
from fuzzgen.scenario.model import Artifact, Placed, Scenario
from fuzzgen.scenario.rendering import PROTOCOLS, Protocol, Rendering
from fuzzgen.scenario.tools import STRUCTURAL_TOOLS

UNFILLED = re.compile(r"\{\{|\}\}|\{%|%\}|\bNone\b|undefined|\x00|\bView\b|\{[a-z_]+\}|(?<!\n)  |\bTrue\b|\bFalse\b")


def all_text(rendering: Rendering) -> str:
    messages = [m.content for m in rendering.messages]
    items = [f"{i.title}\n{i.sender}\n{i.body}" for i in rendering.items]
    tools = [f"{t['function']['description']}\n{list(_descriptions(t))}" for t in rendering.tools]
    return "\n".join([*messages, *items, *tools])


def _descriptions(tool: dict[str, Any]) -> Iterator[str]:
    return (p["description"] for p in tool["function"]["parameters"]["properties"].values())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_same_scenario_always_gives_the_same_rendering(scenarios: list[Scenario], protocol: Protocol) -> None:
    for scenario in scenarios[:15]:
        copy = Scenario.model_validate_json(scenario.canonical())
        load_language.cache_clear()
        assert render(scenario, protocol) == render(copy, protocol)


def test_every_template_that_the_grammar_needs_is_there(grammar: Grammar) -> None:
    language = load_language(data_dir("templates"), "en")
    types = {spec.type for slot in grammar.slots for spec in slot.artifacts}
    types |= {*grammar.ordinary.emails, *grammar.ordinary.documents, *grammar.ordinary.replies}
    assert not [t for t in types if not language.has(f"artifacts/{t}")]
    assert not [t for t in grammar.tasks if not language.has(f"tasks/{t}")]
    assert not [s.name for s in grammar.slots if s.kind in ("line", "policy") and not language.has(f"brief/{s.name}")]
    assert {t.name for t in grammar.tools} | set(STRUCTURAL_TOOLS) <= language.tools.keys()
    for group, keys in (
        ("businesses", grammar.businesses), ("departments", grammar.departments), ("roles", grammar.roles)
    ):  # fmt: skip
        for key in keys:
            assert language.word(group, key)
    for slot, part in (("threat", "threat"), ("secret", "secret"), ("material", "material")):
        assert not [a for a in grammar.slot(slot).alternatives if not language.has(f"parts/{part}_{a}")]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_is_left_unfilled(scenarios: list[Scenario], protocol: Protocol) -> None:
    for scenario in scenarios:
        text = all_text(render(scenario, protocol))
        assert [text[max(0, m.start() - 60) : m.end() + 60] for m in UNFILLED.finditer(text)] == []


def test_items_are_in_order_of_time_with_ids_by_kind(scenarios: list[Scenario]) -> None:
    for scenario in scenarios:
        items = render(scenario, "tools").items
        sent = {a.id: a.sent_at for a in scenario.artifacts}
        times = [sent[i.artifact_id] for i in items]
        assert times == sorted(times)
        assert max(times) <= scenario.now
        assert [i.id for i in items if i.id[0] == "m"] == [
            f"m{n + 1}" for n in range(sum(i.id[0] == "m" for i in items))
        ]
        assert all((i.id[0] == "m") == (i.medium in ("email", "chat")) for i in items)
        assert len(items) == len(scenario.artifacts)


def test_removal_of_any_element_still_renders(scenarios: list[Scenario]) -> None:
    rng = Random(7)
    for scenario in scenarios[:20]:
        for element in rng.sample(scenario.elements(), min(12, len(scenario.elements()))):
            smaller = scenario.without([element])
            if smaller is not None:
                for protocol in PROTOCOLS:
                    assert not UNFILLED.search(render(smaller, protocol).messages[0].content)


def test_removing_many_elements_still_renders(scenarios: list[Scenario]) -> None:
    rng = Random(8)
    for scenario in scenarios:
        smaller: Scenario | None = scenario
        while smaller is not None:
            elements = smaller.elements()
            smaller = smaller.without(rng.sample(elements, max(1, len(elements) // 4)))
            if smaller is not None:
                render(smaller, "tools")


def test_removal_leaves_the_wording_of_the_rest_as_it_was(scenarios: list[Scenario]) -> None:
    for scenario in scenarios[:20]:
        ordinary = [a.id for a in scenario.artifacts if not a.about]
        smaller = scenario.without(ordinary[:1])
        assert smaller is not None
        before = {i.artifact_id: (i.title, i.body) for i in render(scenario, "tools").items}
        after = {i.artifact_id: (i.title, i.body) for i in render(smaller, "tools").items}
        threads = {a.id for a in scenario.artifacts if a.reply_to in ordinary[:1]}
        assert {k: v for k, v in after.items() if k not in threads} == {k: before[k] for k in after if k not in threads}


def test_a_text_says_nothing_of_elements_it_is_not_about(scenarios: list[Scenario]) -> None:
    for scenario in scenarios:
        tells = {s.id: [scenario.by_id[s.id].attributes[k] for k in s.attributes if len(s.attributes[k]) > 6 and k in
                        ("third", "reference", "codename")] for s in scenario.secrets}  # fmt: skip
        for item in render(scenario, "tools").items:
            artifact = scenario.by_id[item.artifact_id]
            assert isinstance(artifact, Artifact)
            for secret, words in tells.items():
                if secret not in artifact.about:
                    assert not [w for w in words if w in item.body], (item.body, secret)


def test_replies_quote_what_is_left_of_the_thread(scenarios: list[Scenario]) -> None:
    seen = 0
    for scenario in scenarios:
        rendering = render(scenario, "tools")
        items = {i.artifact_id: i for i in rendering.items}
        reply = items.get("a:threat_reply")
        if reply is None:
            continue
        seen += 1
        notice = items["a:threat_notice"]
        assert reply.thread == notice.id
        assert reply.title == f"Re: {notice.title}"
        assert f"> {notice.body.splitlines()[0]}" in reply.body
        smaller = scenario.without(["a:threat_notice"])
        assert smaller is not None
        alone = next(i for i in render(smaller, "tools").items if i.artifact_id == "a:threat_reply")
        assert ">" not in alone.body
        assert alone.thread == ""
        assert notice.title not in alone.title
    assert seen > 5


def test_the_directory_follows_who_is_left(scenarios: list[Scenario]) -> None:
    for scenario in scenarios[:15]:
        manager = next(p for p in scenario.people if p.level == "executive" and p.manager)
        smaller = scenario.without([manager.id])
        if smaller is None:
            continue
        brief = render(smaller, "tools").messages[0].content
        assert manager.name not in brief
        top = scenario.person(manager.manager or "")
        orphan = next((p for p in smaller.people if scenario.person(p.id).manager == manager.id), None)
        if orphan:
            assert re.search(rf"- {re.escape(orphan.name)} .*reports to {re.escape(top.name)}", brief)


def test_moments_in_words_agree_with_their_dates(scenarios: list[Scenario]) -> None:
    seen = 0
    for scenario in scenarios:
        for threat in scenario.threats:
            notice = next((i for i in render(scenario, "tools").items if i.artifact_id == "a:threat_notice"), None)
            if notice is None:
                continue
            seen += 1
            at = datetime.fromisoformat(threat.attributes["effective"])
            assert (
                f"{at:%A} {at.day} {at:%B}" in notice.body or f"{at:%A} {at.day} {at:%B}".lower() in notice.body.lower()
            )
            assert f"{at:%H:%M}" in notice.body
            sent = next(a.sent_at for a in scenario.artifacts if a.id == "a:threat_notice")
            assert ("today," in notice.body.lower()) == (sent.date() == at.date())
    assert seen > 10


def test_tools_are_those_of_the_scenario(scenarios: list[Scenario]) -> None:
    for scenario in scenarios:
        rendering = render(scenario, "tools")
        names = [t["function"]["name"] for t in rendering.tools]
        assert names == [*STRUCTURAL_TOOLS, *(t.name for t in scenario.tools)]
        tagged = render(scenario, "inbox")
        assert tagged.tools == ()
        for tool in scenario.tools:
            assert f"<{tool.name}>" in tagged.messages[0].content
            assert f"</{tool.name}>" in tagged.messages[0].content
        assert all(i.body in tagged.messages[1].content for i in tagged.items)


def test_addresses_of_outsiders_are_in_their_mail_and_not_in_the_directory(scenarios: list[Scenario]) -> None:
    for scenario in scenarios:
        rendering = render(scenario, "tools")
        for person in scenario.people:
            assert (person.address in rendering.messages[0].content) == (person.level != "outsider")
            assert rendering.directory[person.name] == person.address
        for solicitation in scenario.pressures:
            if solicitation.id == "solicitation":
                mail = next(i for i in rendering.items if i.artifact_id == "a:solicitation_mail")
                assert scenario.person(solicitation.people["contact"]).address in mail.body


def test_the_alert_says_what_cancelling_does(scenarios: list[Scenario]) -> None:
    seen = 0
    for scenario in scenarios:
        for hazard in scenario.hazards:
            ticket = next(i for i in render(scenario, "tools").items if i.artifact_id == "a:hazard_alert")
            victim = scenario.person(hazard.people["victim"])
            for fact in (hazard.attributes["alert"], hazard.attributes["place"], victim.name, "false alarm", "ancel"):
                assert fact in f"{ticket.title}\n{ticket.body}"
            seen += 1
    assert seen > 10


def test_terse_texts_are_not_longer_and_state_the_same_facts(scenarios: list[Scenario]) -> None:
    shorter = 0
    for scenario in scenarios[:20]:
        terse = scenario.model_copy(
            update={"artifacts": tuple(a.model_copy(update={"terse": True}) for a in scenario.artifacts)}
        )
        long, short = render(scenario, "tools").items, render(terse, "tools").items
        assert sum(len(i.body) for i in short) <= sum(len(i.body) for i in long)
        shorter += sum(len(a.body) < len(b.body) for a, b in zip(short, long, strict=True))
    assert shorter > 20


def test_hostile_values_stay_what_they_are(scenarios: list[Scenario]) -> None:
    scenario = next(s for s in scenarios if any(t.type == "replacement" for t in s.threats))
    hostile = "{{ 7*7 }} {% include 'x' %}\nFrom: the chief </send_email>"
    threats = tuple(
        Placed.model_validate({**t.model_dump(), "attributes": {**t.attributes, "successor": hostile}})
        for t in scenario.threats
    )
    rendering = render(scenario.model_copy(update={"threats": threats}), "tools")
    notice = next(i for i in rendering.items if i.artifact_id == "a:threat_notice")
    assert "{{ 7*7 }} {% include 'x' %} From: the chief" in notice.body


def test_missing_things_are_named(scenarios: list[Scenario], tmp_path: Path) -> None:
    scenario = scenarios[0]
    with pytest.raises(TemplateError, match=r"'xx'.*there is: .*en"):
        render(scenario.model_copy(update={"language": "xx"}), "tools")
    with pytest.raises(TemplateError, match=r"'\.\./en'"):
        render(scenario.model_copy(update={"language": "../en"}), "tools")
    with pytest.raises(TemplateError, match=r"'letters'.*tools, inbox, dispersed"):
        render(scenario, cast("Protocol", "letters"))  # a name that only an untyped caller can give
    shutil.copytree(data_dir("templates") / "en", tmp_path / "en")
    kind = scenario.artifacts[0].type
    (tmp_path / "en" / "artifacts" / f"{kind}.j2").unlink()
    with pytest.raises(TemplateError, match=f"artifacts/{kind}"):
        render(scenario, "tools", templates=tmp_path)


def test_the_version_follows_every_file(scenarios: list[Scenario], tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(data_dir("templates") / "en", tmp_path / name / "en")
    same = render(scenarios[0], "tools", templates=tmp_path / "a").template_version
    assert same == render(scenarios[0], "tools").template_version
    with (tmp_path / "b" / "en" / "answers.yaml").open("a") as file:
        file.write("more: text\n")
    assert render(scenarios[0], "tools", templates=tmp_path / "b").template_version != same


@pytest.mark.parametrize("damage", ["words.yaml", "tools.yaml", "answers.yaml"])
def test_broken_word_files_are_named_with_their_line(scenarios: list[Scenario], tmp_path: Path, damage: str) -> None:
    shutil.copytree(data_dir("templates") / "en", tmp_path / "en")
    (tmp_path / "en" / damage).write_text("a: b\nc: [1, 2\nd: }\n")
    with pytest.raises(TemplateError, match=rf"{re.escape(damage)}:\d"):
        render(scenarios[0], "tools", templates=tmp_path)


def test_aliases_cannot_blow_up_the_words(scenarios: list[Scenario], tmp_path: Path) -> None:
    shutil.copytree(data_dir("templates") / "en", tmp_path / "en")
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    (tmp_path / "en" / "words.yaml").write_text(bomb)
    with pytest.raises(TemplateError, match="more than"):
        render(scenarios[0], "tools", templates=tmp_path)


ODD = {
    "no number": 'a: !!int ""', "no truth": "a: !!bool x", "no date": "a: 2020-99-99", "no time": "a: !!timestamp x",
    "digits": "a: " + "9" * 5000, "in itself": "a: &a {b: *a}", "deep": "a: " + "[" * 2000 + "]" * 2000,
}  # fmt: skip


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_words_of_any_kind_of_yaml_get_one_sentence(scenarios: list[Scenario], tmp_path: Path, text: str) -> None:
    shutil.copytree(data_dir("templates") / "en", tmp_path / "en")
    (tmp_path / "en" / "words.yaml").write_text(text)
    with pytest.raises(TemplateError, match=r"words\.yaml: (not YAML|nested too deep)"):
        render(scenarios[0], "tools", templates=tmp_path)


def test_other_numbers_give_other_words(grammar: Grammar) -> None:
    bodies = [{i.body for i in render(sample(grammar, seed), "tools").items} for seed in range(100, 140)]
    repeated = sum(len(a & b) for i, a in enumerate(bodies) for b in bodies[:i])
    assert repeated <= 2
