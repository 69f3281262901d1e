"""An agent that opens whatever there is on each day of an office with a clock."""

from __future__ import annotations

import json

from fuzzgen.office import Office
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.rendering import Rendering
from fuzzgen.scenario.transcript import ToolCall

__all__ = ["read_over_days", "use"]


def use(office: Office, tool: str, **arguments: object) -> str:
    """What the office answers to a call."""
    return office.call(1, ToolCall(id="c", name=tool, arguments=json.dumps(arguments))).content


def read_over_days(scenario: Scenario, rendering: Rendering) -> tuple[str, ...]:
    """All answers, to lists, reading and the ends of days."""
    office = Office(scenario, rendering)
    answers: list[str] = []
    read: set[str] = set()
    while True:
        lists = [use(office, name) for name in ("list_messages", "list_documents", "list_tickets")]
        listed = [line.split(" | ")[0] for text in lists for line in text.splitlines() if " | " in line]
        new = [i for i in dict.fromkeys(listed) if i not in read]
        read |= set(new)
        answers += lists
        for tool, kind in (("read_messages", "m"), ("read_files", "f")):
            if ids := [i for i in new if i.startswith(kind)]:
                answers.append(use(office, tool, ids=ids))
        last = office.clock is not None and office.clock.last_day
        answers.append(use(office, "end_day"))
        if last:
            return tuple(answers)
