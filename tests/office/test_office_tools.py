"""Every tool of the office: what it answers, and what goes on the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_target import call

from fuzzgen.office import Office
from fuzzgen.scenario.model import AGENT, Scenario
from fuzzgen.scenario.rendering import OfficeItem, Rendering
from fuzzgen.scenario.tools import EFFECTS, STRUCTURAL_TOOLS, Act, Effect

Use = Callable[..., str]


def items(office: Office, *, messages: bool) -> list[OfficeItem]:
    return [i for i in office.items.values() if (i.medium in ("email", "chat")) == messages]


def mail(office: Office, kind: str = "") -> OfficeItem:
    return next(i for i in items(office, messages=True) if i.medium == "email" and kind in i.artifact_id)


def inside(scenario: Scenario, n: int = 0) -> str:
    return [p.address for p in scenario.people if p.level != "outsider"][n]


def only(office: Office) -> Act:
    assert len(office.ledger) == 1
    return office.ledger[0]


def test_this_office_has_every_tool(scenario: Scenario, rendering: Rendering) -> None:
    offered = [t["function"]["name"] for t in rendering.tools]
    assert set(offered) == {*STRUCTURAL_TOOLS, *(t.name for t in scenario.tools)}
    assert {"send_email", "reply", "forward", "post_chat", "escalate", "cancel_alert", "publish_file", "delete_file",
            "set_logging"} <= set(offered)  # fmt: skip


def test_lists_show_every_item_once_in_order_of_time(office: Office, use: Use, scenario: Scenario) -> None:
    for tool, messages in (("list_messages", True), ("list_files", False)):
        rows = use(tool).splitlines()
        assert [r.split(" | ")[0] for r in rows] == [i.id for i in items(office, messages=messages)]
    order = [a.id for a in sorted(scenario.artifacts, key=lambda a: a.sent_at)]
    assert [i.artifact_id for i in office.items.values()] == order
    assert office.ledger == [], "reading has no effect on anybody"


def test_several_items_are_read_at_once(office: Office, use: Use) -> None:
    ids = [i.id for i in items(office, messages=True)][:3]
    for given_ids in (ids, ", ".join(ids), "\n".join(ids), "; ".join(ids)):
        text = use("read_messages", {"ids": given_ids})
        for i in ids:
            assert office.items[i].body in text
    mixed = use("read_messages", {"ids": [ids[0], "m999", ids[1]]})
    assert office.items[ids[0]].body in mixed
    assert office.items[ids[1]].body in mixed
    assert f"m999: {office.answer('no_such_item')}" in mixed
    assert use("read_files", {"ids": []}) == office.answer("no_such_item")


def test_a_reply_in_the_mailbox_quotes_what_it_answers(office: Office, use: Use) -> None:
    answers = [i for i in office.items.values() if i.thread]
    assert answers
    for item in answers:
        before = office.items[item.thread]
        text = use("read_messages", {"ids": [item.id]})
        assert item.title.startswith("Re: ")
        first = before.body.strip().splitlines()[0]
        assert f"> {first}" in text


def test_search_finds_words_wherever_they_stand(office: Office, use: Use) -> None:
    target = mail(office, "threat_notice")
    word = max(target.body.split(), key=len).strip(".,!?")
    assert target.id in use("search", {"query": word.upper()})
    assert use("search", {"query": "zzzzqqq"}) == office.answer("nothing")
    assert use("search", {"query": ""}) == office.answer("nothing")
    assert use("search") == office.answer("nothing")


@pytest.mark.parametrize("form", ["{address}", "{name}", "{name} <{address}>", '"{name}" <{address}>', "{ADDRESS}"])
def test_mail_goes_to_people_however_they_are_written(form: str, office: Office, use: Use, scenario: Scenario) -> None:
    person = scenario.people[1]
    to = form.format(address=person.address, name=person.name, ADDRESS=person.address.upper())
    assert use("send_email", {"to": to, "subject": "Hi", "body": "There."}) == office.answer("sent")
    act = only(office)
    assert (act.effect, act.tool, act.step, act.ok) == ("told", "send_email", 3, True)
    assert act.recipients == (person.address,)
    assert act.content == "Hi\nThere."


def test_mail_goes_to_several_people_and_strangers_once_each(office: Office, use: Use, scenario: Scenario) -> None:
    one, two = inside(scenario), inside(scenario, 1)
    use("send_email", {"to": [one, two, one.upper(), "Press@News.example.net"], "body": "x"})
    assert only(office).recipients == (one, two, "press@news.example.net")


@pytest.mark.parametrize("to", ["", [], "Nobody Known", "a b@example.org", None, 7, {"x": 1}])
def test_mail_to_nobody_is_refused_and_recorded(to: Any, office: Office, use: Use) -> None:
    assert use("send_email", {"to": to, "body": "x"}) == office.answer("no_recipient")
    act = only(office)
    assert (act.ok, act.recipients, act.note) == (False, (), "no known recipient")


def test_known_and_unknown_recipients_together(office: Office, use: Use, scenario: Scenario) -> None:
    assert use("send_email", {"to": f"Nobody Known, {inside(scenario)}", "body": "x"}) == office.answer("sent")
    assert only(office).recipients == (inside(scenario),)


def test_attachments_are_handed_over(office: Office, use: Use, scenario: Scenario) -> None:
    file = items(office, messages=False)[0]
    use("send_email", {"to": inside(scenario), "body": "see", "attachments": [file.id, "f99"]})
    told, sent = office.ledger
    assert (told.effect, sent.effect) == ("told", "sent")
    assert sent.objects == (file.artifact_id,)
    assert told.recipients == sent.recipients == (inside(scenario),)


def test_a_reply_goes_to_the_sender_and_with_reply_all_to_the_rest(
    office: Office, use: Use, scenario: Scenario
) -> None:
    names = {p.id: p.address for p in scenario.people}
    artifacts = {a.id: a for a in scenario.artifacts}
    item = next(
        i for i in office.items.values()
        if i.medium == "email" and len([r for r in artifacts[i.artifact_id].recipients if r != AGENT]) > 1
    )  # fmt: skip
    artifact = artifacts[item.artifact_id]
    use("reply", {"message_id": item.id, "body": "Yes."})
    assert office.ledger[0].recipients == (names[artifact.sender],)
    use("reply", {"message_id": item.id, "body": "Yes.", "reply_all": True})
    everyone = {names[p] for p in (artifact.sender, *artifact.recipients) if p != AGENT}
    assert set(office.ledger[1].recipients) == everyone


def test_a_forward_hands_the_message_over(office: Office, use: Use, scenario: Scenario) -> None:
    item = mail(office)
    assert use("forward", {"message_id": item.id, "to": inside(scenario), "body": "FYI"}) == office.answer("sent")
    told, sent = office.ledger
    assert (told.effect, told.content) == ("told", "FYI")
    assert (sent.effect, sent.objects, sent.recipients) == ("sent", (item.artifact_id,), (inside(scenario),))


@pytest.mark.parametrize("tool", ["reply", "forward"])
def test_answering_what_is_not_there_is_refused(tool: str, office: Office, use: Use, scenario: Scenario) -> None:
    arguments = {"message_id": "m999", "to": inside(scenario), "body": "x"}
    assert use(tool, arguments) == office.answer("no_such_item")
    assert (only(office).ok, only(office).note) == (False, "no such message")


def test_chat_is_told_to_the_room(office: Office, use: Use) -> None:
    assert use("post_chat", {"room": "lunch", "text": "Pasta?"}) == office.answer("posted")
    use("post_chat", {"text": "Hello."})
    assert [a.recipients for a in office.ledger] == [("chat:lunch",), ("chat:general",)]
    assert office.ledger[0].content == "Pasta?"


def test_escalation_reaches_a_declared_channel(office: Office, use: Use, scenario: Scenario) -> None:
    channel = next(c for c in scenario.facts.channels if c.id == "channel")
    for word in (channel.id, channel.type, channel.type.replace("_", " ").upper(), "", "somewhere"):
        assert use("escalate", {"channel": word, "text": "Look at this."}) == office.answer("escalated")
    assert {a.effect for a in office.ledger} == {"escalated"}
    assert {a.recipients for a in office.ledger} == {("channel:channel",)}
    assert office.ledger[0].content == "Look at this."


def test_finishing_closes_the_task(office: Office, use: Use) -> None:
    assert not office.finished
    assert use("finish_task", {"summary": "All read."}) == office.answer("finished")
    assert office.finished
    assert (only(office).effect, only(office).content) == ("finished", "All read.")


def test_domain_tools_have_the_effect_their_grammar_declares(office: Office, use: Use, scenario: Scenario) -> None:
    objects = {"alert": "ALERT-77777", "log": "activity log"}
    checked = set()
    for tool in scenario.tools:
        if tool.object_kind in objects:
            first, *rest = tool.parameters
            use(tool.name, {first: objects[tool.object_kind], **dict.fromkeys(rest, "because")})
            act = office.ledger[-1]
            assert (act.tool, act.effect, act.ok) == (tool.name, tool.effect, True)
            assert act.objects == (objects[tool.object_kind],)
            assert act.content == "\n".join(["because"] * len(rest))
            assert use(tool.name, {}) == office.answer("bad_arguments")
            assert not office.ledger[-1].ok
            checked.add(tool.effect)
    assert checked == {"cancelled", "changed"}


def test_a_deleted_file_is_gone(office: Office, use: Use) -> None:
    file = items(office, messages=False)[0]
    assert use("delete_file", {"file": file.id, "reason": "old draft"}) == office.answer("done")
    assert only(office).objects == (file.artifact_id,)
    assert file.id not in [row.split(" | ")[0] for row in use("list_files").splitlines()]
    assert office.answer("no_such_item") in use("read_files", {"ids": [file.id]})
    assert file.title not in use("search", {"query": file.body[:40]})
    assert use("delete_file", {"file": file.id}) == office.answer("no_such_item")
    assert not office.ledger[-1].ok


def test_a_published_file_can_be_read_by_anyone(office: Office, use: Use) -> None:
    file = next(i for i in items(office, messages=False) if i.artifact_id == "a:material_document")
    assert use("publish_file", {"file": file.title.upper(), "note": "for all"}) == office.answer("done")
    act = only(office)
    assert (act.effect, act.recipients, act.objects) == ("published", ("public",), (file.artifact_id,))
    assert act.content == "for all"
    assert file.id in use("list_files")


@pytest.mark.parametrize("tool", ["publish_file", "delete_file"])
def test_a_file_that_is_not_there_cannot_be_touched(tool: str, office: Office, use: Use) -> None:
    before = list(office.items)
    assert use(tool, {"file": "f999"}) == office.answer("no_such_item")
    assert (only(office).ok, only(office).note) == (False, "no such file")
    assert list(office.items) == before


def test_an_unknown_tool_is_answered_with_those_there_are(office: Office, use: Use, scenario: Scenario) -> None:
    text = use("rm", {"path": "/"})
    assert office.answer("no_such_tool") in text
    assert all(t.name in text for t in scenario.tools)
    assert "finish_task" in text
    assert office.ledger == []


def test_tools_that_the_scenario_lacks_do_not_work(scenario: Scenario, rendering: Rendering) -> None:
    smaller = scenario.without(["tool:send_email"])
    assert smaller is not None
    office = Office(smaller, rendering)
    answer = office.call(1, call("send_email", {"to": inside(scenario), "body": "x"})).content
    assert office.answer("no_such_tool") in answer
    assert office.ledger == []


BAD_JSON = [
    "{",
    "[]",
    "null",
    '"x"',
    "7",
    "{'a': 1}",
    '{"a": }',
    "\x00",
    "{" * 3000,
    "[" * 100_000,
    "x" * 500_000,
    "NaN",
]


@pytest.mark.parametrize("raw", BAD_JSON, ids=lambda r: r[:8])
def test_malformed_arguments_are_answered_and_never_raised(raw: str, office: Office, scenario: Scenario) -> None:
    for name in (*STRUCTURAL_TOOLS[:-1], *(t.name for t in scenario.tools)):
        answer = office.call(2, call(name, raw)).content
        assert office.answer("bad_arguments") in answer
    assert len(office.ledger) == len(scenario.tools)
    assert not any(a.ok for a in office.ledger)
    assert {a.effect for a in office.ledger} == {t.effect for t in scenario.tools}


@pytest.mark.parametrize(
    "raw",
    [
        '{"to": ' + "[" * 700 + "]" * 700 + ', "body": "x"}',
        '{"body": ' + '{"a":' * 700 + "1" + "}" * 700 + "}",
        r'{"to": "\ud800@example.org", "body": "\udfff", "\udc00": "\ud83d"}',
        r'{"message_id": "\ud800", "ids": ["\udfff"], "query": "\ud800", "file": "\ud800", "summary": "\ud800"}',
        '{"body": 1e999, "to": -1, "ids": 3, "query": true, "message_id": null}',
        '{"body": {"to": ["a"]}, "ids": [[["m1"]]], "attachments": {"m1": 1}}',
        json.dumps({f"k{i}": "v" for i in range(500)}),
        json.dumps({"x" * 5000: "y" * 300_000}),
        json.dumps({"to": ["a@example.org"] * 100_00, "ids": ["m1"] * 10_000}),
    ],
    ids=lambda r: r[:20],
)
def test_odd_arguments_are_taken_as_words(raw: str, office: Office, scenario: Scenario) -> None:
    for name in (*STRUCTURAL_TOOLS, *(t.name for t in scenario.tools)):
        message = office.call(2, call(name, raw))
        assert message.content
        assert len(message.model_dump_json()) < 3_000_000
    for act in office.ledger:
        assert Act.model_validate_json(act.model_dump_json()) == act
        assert len(act.recipients) <= 200
        assert all(len(v) <= 100_000 for v in act.arguments.values())
        assert len(act.arguments) <= 20


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
_NAMES = ["to", "subject", "body", "attachments", "message_id", "reply_all", "room", "text", "channel", "file", "reason",
          "alert", "log", "state", "ids", "query", "summary"]  # fmt: skip


@settings(deadline=None, max_examples=120, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_called_is_answered_and_typed(
    data: st.DataObject, scenario: Scenario, rendering: Rendering
) -> None:
    office = Office(scenario, rendering)
    names = [*STRUCTURAL_TOOLS, *(t.name for t in scenario.tools), "nothing_like_it"]
    for step in range(1, 4):
        name = data.draw(st.sampled_from(names))
        values = _JSON | st.sampled_from([*office.items, *rendering.directory.values(), *rendering.directory])
        arguments = data.draw(st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=5), values, max_size=5))
        before = len(office.ledger)
        message = office.call(step, call(name, json.dumps(arguments)))
        assert (message.role, message.name) == ("tool", name)
        assert message.content
        for act in office.ledger[before:]:
            assert act.effect in EFFECTS
            assert (act.step, act.tool) == (step, name)
            assert Act.model_validate_json(act.model_dump_json()) == act
            assert all(r == r.casefold() or ":" in r for r in act.recipients)
            assert act.ok or act.note


def test_effects_are_a_closed_set() -> None:
    assert get_args(Effect) == EFFECTS
    with pytest.raises(ValueError):
        Act.model_validate({"step": 1, "tool": "x", "effect": "hacked"})
