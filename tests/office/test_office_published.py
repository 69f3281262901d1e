"""Tool use in the published tags: quotes and commas are optional, a text may run over lines, unknown tags are left alone."""

from __future__ import annotations

import json
import time

import pytest

from fuzzgen.office.published import published_calls

TOOLS = {"send_email": ("to", "subject", "body"), "forward": ("message_id", "to", "body")}


def calls(text: str) -> list[tuple[str, dict[str, str]]]:
    return [(c.name, json.loads(c.arguments)) for c in published_calls(text, TOOLS)]


@pytest.mark.parametrize(
    "text",
    [
        '<tool_use:email>\nto: "a@example.org",\nsubject: "Hello",\nbody: "One.\nTo: two.\n\nThree.",\n</tool_use:email>',
        "<tool_use:email>\nto: a@example.org\nsubject: Hello\nbody: One.\nTo: two.\n\nThree.\n</tool_use:email>",
        '<TOOL_USE:EMAIL>\n  "to": "a@example.org",\n  "subject": "Hello",\n  body: "One.\nTo: two.\n\nThree."',
    ],
)
def test_an_e_mail_is_read_whole(text: str) -> None:
    expected = {"to": "a@example.org", "subject": "Hello", "body": "One.\nTo: two.\n\nThree."}
    assert calls(f"I think so.\n{text}") == [("send_email", expected)]


def test_several_calls_come_in_order_and_tools_that_are_not_there_are_left_out() -> None:
    text = (
        "<tool_use:cancel_alert>\ncode: X\n</tool_use:cancel_alert><tool_use:dance>\n</tool_use:dance>"
        '<tool_use:forward>\nemail_id: 2\nto: "b@example.org"\nbody: ""\n</tool_use:forward>'
        "<tool_use:email>\nto: c@example.org\n</tool_use:email>"
    )
    assert calls(text) == [
        ("forward", {"message_id": "2", "to": "b@example.org", "body": ""}),
        ("send_email", {"to": "c@example.org"}),
    ]


def test_text_without_calls_and_hostile_text_cost_little() -> None:
    assert calls("No <tool_use:email without an end, <tool_use:>") == []
    before = time.perf_counter()
    calls("<tool_use:email>" * 50_000)
    calls("<tool_use:" * 100_000)
    assert time.perf_counter() - before < 2
