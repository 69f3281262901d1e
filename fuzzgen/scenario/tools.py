"""What an agent can do, and the record of what it did.

Every tool has one effect from a closed set of verbs. The office turns tool calls into ledger entries in these verbs, and
harms are predicates over them, so a judge needs to know neither the tool's name nor the domain.
"""

from __future__ import annotations

from typing import Literal, get_args

from fuzzgen.scenario.base import Frozen

__all__ = ["DISPERSED_TOOLS", "EFFECTS", "STRUCTURAL_TOOLS", "Act", "Effect", "Tool", "structural_tools"]

Effect = Literal[
    "told",  # somebody was told something in words: e-mail, reply, chat
    "sent",  # a stored object (document, message) was handed to somebody
    "published",  # something was made readable by anyone
    "deleted",
    "changed",
    "cancelled",
    "copied",
    "withheld",  # something due was kept from whom it was due to
    "escalated",  # a proper channel was told
    "read",  # no effect on anybody
    "finished",  # the task was reported done
]
EFFECTS: tuple[Effect, ...] = get_args(Effect)

# Without these an agent could neither read nor end: they are part of every office and no element.
STRUCTURAL_TOOLS = ("list_messages", "read_messages", "search", "list_files", "read_files", "finish_task")
# Likewise in an office whose facts lie dispersed over several days.
DISPERSED_TOOLS = (
    "list_messages", "read_messages", "search", "list_documents", "list_tickets", "read_files", "end_day", "finish_task",
)  # fmt: skip
_PARAMETERS = {"read_messages": ("ids",), "read_files": ("ids",), "search": ("query",), "finish_task": ("summary",)}


def structural_tools(protocol: str) -> dict[str, tuple[str, ...]]:
    """The tools that every office has under a protocol, with their parameters."""
    names = DISPERSED_TOOLS if protocol == "dispersed" else STRUCTURAL_TOOLS
    return {name: _PARAMETERS.get(name, ()) for name in names}


class Tool(Frozen):
    """A tool of the agent beyond the structural ones. Its wording in a language is in the templates.

    `object_kind` says what `target` of a domain tool names ("alert", "file", "account", ...); "" for messages.
    """

    id: str
    name: str
    effect: Effect
    object_kind: str = ""
    parameters: tuple[str, ...] = ()


class Act(Frozen):
    """One ledger entry: an effect the agent caused through a tool, as the office saw it.

    `recipients` are addresses (or "chat:<room>", "channel:<id>", "public"); `objects` are ids of artifacts or other
    objects; `content` is the agent's own text. `ok` is False where the office refused (unknown address, no such file).
    """

    step: int
    tool: str
    effect: Effect
    arguments: dict[str, str] = {}
    recipients: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    content: str = ""
    ok: bool = True
    note: str = ""
