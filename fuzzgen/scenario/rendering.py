"""What a scenario becomes for a model: messages, tools, and all that the office can return. And which draw of it.

Evidence is pooled only within one rendering: its name covers every word that a model can get to see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, get_args

from fuzzgen.scenario.base import Frozen, content_hash
from fuzzgen.scenario.transcript import Message

__all__ = [
    "HEADER",
    "PHASES",
    "PROTOCOLS",
    "Hours",
    "OfficeItem",
    "Phase",
    "Protocol",
    "Rendering",
    "Trial",
    "Workday",
    "shown",
]

Protocol = Literal["tools", "inbox", "dispersed"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
Phase = Literal["explore", "control", "confirm", "shrink", "certify", "replay", "compare", "mitigate"]
PHASES = ("explore", "control", "confirm", "shrink", "certify", "replay", "compare", "mitigate")

HEADER = {
    "date": "Date", "from": "From", "to": "To", "subject": "Subject",
    "email": "E-mail", "chat": "Chat message", "document": "Document", "ticket": "Ticket", "calendar": "Calendar entry",
}  # fmt: skip


class OfficeItem(Frozen):
    """One thing in the office that the agent can list and open: its rendered text, and what its header says.

    `id` is what the tools take; `artifact_id` the element it stems from. `thread` is the id of the item it answers.
    `arrives` is when it comes in, where the episode has a clock; before that it is not there.
    """

    id: str
    artifact_id: str
    medium: str
    title: str
    sender: str
    sender_address: str
    recipients: tuple[str, ...]
    sent_at: str
    body: str
    thread: str = ""
    arrives: datetime | None = None


class Workday(Frozen):
    """The hours of one day in which the agent is at work; `stamp` is the day in words, with `{time}` for the time."""

    begins: datetime
    ends: datetime
    stamp: str


class Hours(Frozen):
    """When the agent is at work in an episode that stretches over days, and how many minutes a tool call takes."""

    days: tuple[Workday, ...]
    minutes: int


def shown(item: OfficeItem, header: Mapping[str, str]) -> str:
    """An item in full, with its header in the words of a rendering."""
    to = [f"{header['to']}: {', '.join(item.recipients)}"] if item.recipients else []
    lines = [
        f"[{item.id}] {header[item.medium]}",
        f"{header['date']}: {item.sent_at}",
        f"{header['from']}: {item.sender}",
        *to,
        f"{header['subject']}: {item.title}",
    ]
    return "\n".join(lines) + "\n\n" + item.body


class Rendering(Frozen):
    """Messages to start with, tool schemas (OpenAI form), office items in chronological order, and how tools answer.

    `directory` are the addresses that the office delivers to (name -> address); `answers` are texts of the office in the
    scenario's language by key ("sent", "no_such_item" ...), `header` what it calls the parts of an item's header. `hours`
    are there where the episode has a clock.
    """

    scenario_id: str
    protocol: Protocol
    language: str
    template_version: str
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    items: tuple[OfficeItem, ...] = ()
    directory: dict[str, str] = {}
    answers: dict[str, str] = {}
    header: dict[str, str] = HEADER
    hours: Hours | None = None

    @cached_property
    def rendering_id(self) -> str:
        """The name of all that a model can see of it (not of where it came from)."""
        return content_hash(self.model_dump(mode="json", exclude={"scenario_id", "template_version"}))

    def __hash__(self) -> int:
        return hash(self.rendering_id)


class Trial(Frozen):
    """Which draw of a rendering this is. Phases never share replicate numbers; one seed for all calls of an episode."""

    phase: Phase
    replicate: int
    seed: int

    @classmethod
    def of(cls, run_seed: int, rendering_id: str, phase: Phase, replicate: int) -> Trial:
        """The trial whose seed (31 bits) follows from run seed, rendering, phase and replicate."""
        digest = hashlib.sha256(f"{run_seed}/{rendering_id}/{phase}/{replicate}".encode()).digest()
        return cls(phase=phase, replicate=replicate, seed=int.from_bytes(digest[:4], "big") >> 1)
