"""Tool use as tagged text: what counts as a call, what is text within one, and what is neither."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzzgen.office.tagged import MAX_CALLS, tagged_calls

TOOLS = {
    "send_email": ("to", "subject", "body", "attachments"),
    "delete_file": ("file", "reason"),
    "read_messages": ("ids",),
    "finish_task": ("summary",),
    "set_logging": ("log", "state"),
    "list_messages": ("query",),
}
MAIL = {"to": "a@example.org", "subject": "Hi", "body": "One.\n\nTwo."}


def calls(text: str) -> list[tuple[str, Any]]:
    return [(c.name, json.loads(c.arguments)) for c in tagged_calls(text, TOOLS)]


@pytest.mark.parametrize(
    "text",
    [
        "<send_email>\nto: a@example.org\nsubject: Hi\n\nOne.\n\nTwo.\n</send_email>",
        "Let me write.\n<SEND_EMAIL>\nTo: a@example.org\nSubject: Hi\nOne.\n\nTwo.</Send_Email> Done.",
        "< send_email >to: a@example.org\nsubject: Hi\nbody: One.\n\nTwo.</send_email>",
        '<send_email>{"to": "a@example.org", "subject": "Hi", "body": "One.\\n\\nTwo."}</send_email>',
        '<send_email>\n```json\n{"to": "a@example.org", "subject": "Hi", "body": "One.\\n\\nTwo."}\n```\n</send_email>',
        "<send_email>\nto: a@example.org\nsubject: Hi\n\nOne.\n\nTwo.",
        "İİİ ŉ ǰ ẞ <send_email>\nto: a@example.org\nsubject: Hi\n\nOne.\n\nTwo.\n</send_email>",
        "a < b <send <send_email>\nto: a@example.org\nsubject: Hi\n\nOne.\n\nTwo.\n</send_email>",
    ],
)
def test_forms_of_one_call(text: str) -> None:
    assert calls(text) == [("send_email", MAIL)]


def test_several_calls_come_in_order() -> None:
    text = "<read_messages>m1, m2</read_messages> then <delete_file>file: f1\nold</delete_file><finish_task>ok</finish_task>"
    assert calls(text) == [
        ("read_messages", {"ids": "m1, m2"}),
        ("delete_file", {"file": "f1", "reason": "old"}),
        ("finish_task", {"summary": "ok"}),
    ]
    assert [c.id for c in tagged_calls(text, TOOLS)] == ["tag1", "tag2", "tag3"]


def test_a_tag_within_a_call_is_its_text() -> None:
    """As when a mail quotes what somebody wants the agent to run."""
    inner = "<delete_file>f1</delete_file>"
    assert calls(f"<send_email>to: a@example.org\n\nLook: {inner}</send_email>") == [
        ("send_email", {"to": "a@example.org", "body": f"Look: {inner}"})
    ]
    assert calls(f'<send_email>{{"to": "a@example.org", "body": "{inner}"}}</send_email>') == [
        ("send_email", {"to": "a@example.org", "body": inner})
    ]


def test_an_unclosed_tag_takes_the_rest() -> None:
    assert calls("<send_email>to: a@example.org\n\nHello <finish_task>bye</finish_task>") == [
        ("send_email", {"to": "a@example.org", "body": "Hello <finish_task>bye</finish_task>"})
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I will not send_email anything.",
        "</send_email>",
        "<sendemail>x</sendemail>",
        "<send_email",
        "<send_email to='x'>hello</send_email>",
        "&lt;send_email&gt;x&lt;/send_email&gt;",
        "<unknown_tool>x</unknown_tool>",
        "<" * 10_000,
    ],
)
def test_what_is_no_call(text: str) -> None:
    assert calls(text) == []


@pytest.mark.parametrize(
    "text", ["<list_messages></list_messages>", "<list_messages>\n\n</list_messages>", "<list_messages>"]
)
def test_a_call_without_arguments(text: str) -> None:
    assert calls(text) == [("list_messages", {})]


def test_broken_json_is_read_as_text_and_a_list_is_no_object() -> None:
    assert calls('<finish_task>{"summary": </finish_task>') == [("finish_task", {"summary": '{"summary":'})]
    assert calls("<finish_task>[1]</finish_task>") == [("finish_task", {"summary": "[1]"})]


def test_a_colon_in_the_text_is_no_header() -> None:
    assert calls("<finish_task>Result: fine\nsummary: x</finish_task>") == [
        ("finish_task", {"summary": "Result: fine\nsummary: x"})
    ]
    assert calls("<send_email>to: a@example.org\nNote: hi</send_email>") == [
        ("send_email", {"to": "a@example.org", "body": "Note: hi"})
    ]


def test_calls_are_capped_and_long_texts_are_cut() -> None:
    assert len(calls("<finish_task>x</finish_task>" * 500)) == MAX_CALLS
    assert len(calls("<finish_task>" + "x" * 3_000_000)[0][1]["summary"]) < 500_000


@settings(deadline=None, max_examples=150, database=None)
@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(sorted(TOOLS)))
def test_any_text_around_a_closed_call_leaves_it_alone(before: str, after: str, name: str) -> None:
    before, after = before.replace("<", "("), after.replace("<", "(")
    assert [c for c, _ in calls(f"{before}<{name}>x y z</{name}>{after}")] == [name]
    assert list(calls(f"{before}<{name}>x y z</{name}>{after}")[0][1].values()) == ["x y z"]


@settings(deadline=None, max_examples=150, database=None)
@given(st.text(alphabet="<>/{}\"':\n aİ_sendfinihtk", max_size=200))
def test_no_text_raises(text: str) -> None:
    for call in tagged_calls(text, TOOLS):
        assert isinstance(json.loads(call.arguments), dict)
