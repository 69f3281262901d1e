"""The office: executes tool calls on a rendering, answers in text, and keeps the ledger of effects.

Whatever a model sends is answered, never raised: a wrong call gets a sentence that says what would be right.
"""

from __future__ import annotations

from collections.abc import Callable

from fuzzgen.office.arguments import address_of, flat, parse, words
from fuzzgen.office.clock import Clock
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.rendering import OfficeItem, Rendering, shown
from fuzzgen.scenario.tools import Act, Effect, Tool, structural_tools
from fuzzgen.scenario.transcript import Message, ToolCall

__all__ = ["Office"]

MESSAGES = ("email", "chat")
FILES = ("document", "ticket", "calendar")
ANSWERS = {
    "sent": "Sent.",
    "posted": "Posted.",
    "escalated": "Received. It will be looked into.",
    "done": "Done.",
    "no_such_item": "There is no such item. List the messages and files to see their ids.",
    "no_such_tool": "There is no such tool.",
    "bad_arguments": "These arguments cannot be used.",
    "finished": "The task is closed.",
    "nothing": "Nothing found.",
    "no_recipient": "There is nobody of that name or address.",
    "next_day": "A new working day begins.",
    "last_day": "There is no day after this one.",
    "too_early": "The task is not due yet.",
}


class Office:
    """The workplace of one episode. `items` are those that are there: where it has a clock, what has come in so far."""

    def __init__(self, scenario: Scenario, rendering: Rendering) -> None:
        self.rendering = rendering
        self.clock = Clock(rendering.hours) if rendering.hours else None
        self.items: dict[str, OfficeItem] = {}
        self._awaited = list(rendering.items)
        self._come_in()
        self.tools: dict[str, Tool] = {t.name: t for t in scenario.tools}
        self.channels = {c.id: c.type for c in scenario.facts.channels}
        self.ledger: list[Act] = []
        self.finished = False
        reading: dict[str, Callable[[dict[str, object]], str]] = {
            "list_messages": lambda _: self._list(MESSAGES),
            "list_files": lambda _: self._list(FILES),
            "list_documents": lambda _: self._list(("document", "calendar")),
            "list_tickets": lambda _: self._list(("ticket",)),
            "read_messages": lambda a: self._read(words(a, "ids")),
            "read_files": lambda a: self._read(words(a, "ids")),
            "search": self._search,
            "end_day": lambda _: self._end_day(),
        }
        self._reading = {name: reading[name] for name in structural_tools(rendering.protocol) if name in reading}

    def answer(self, key: str) -> str:
        return self.rendering.answers.get(key) or ANSWERS[key]

    def call(self, step: int, call: ToolCall) -> Message:
        """Executes one call and answers it; effects go on the ledger. Where there is a clock, the answer says the time."""
        arguments = parse(call.arguments)
        says = self._pass_time() if call.name != "end_day" else ""
        if call.name in self._reading:
            text = self.answer("bad_arguments") if arguments is None else self._reading[call.name](arguments)
        elif call.name == "finish_task":
            text = self._finish(step, arguments or {})
        elif tool := self.tools.get(call.name):
            text = self._act(step, tool, arguments)
        else:
            known = ", ".join([*self._reading, "finish_task", *self.tools])
            text = f"{self.answer('no_such_tool')} ({known})"
        if self.clock:
            text = f"[{self.clock.stamp}]{says}\n{text}"
        return Message(role="tool", content=text, tool_call_id=call.id, name=call.name[:100])

    def _pass_time(self) -> str:
        """The minutes of a call go by; what is to be said of it."""
        if self.clock is None:
            return ""
        says = f" {self.answer('next_day')}" if self.clock.tick() else ""
        self._come_in()
        return says

    def _end_day(self) -> str:
        if self.clock is None or not self.clock.end_day():
            return self.answer("last_day")
        self._come_in()
        return self.answer("next_day")

    def _come_in(self) -> None:
        """What has arrived by now is there from now on."""
        now = self.clock.now if self.clock else None
        here = [i for i in self._awaited if now is None or i.arrives is None or i.arrives <= now]
        self.items |= {item.id: item for item in here}
        self._awaited = [i for i in self._awaited if i.id not in self.items]

    def _list(self, media: tuple[str, ...]) -> str:
        rows = [f"{i.id} | {i.sent_at} | {i.sender} | {i.title}" for i in self.items.values() if i.medium in media]
        return "\n".join(rows) or self.answer("nothing")

    def _read(self, ids: list[str]) -> str:
        known, header = self.items, self.rendering.header
        parts = [
            shown(known[i], header) if i in known else f"{i[:60]}: {self.answer('no_such_item')}"
            for i in dict.fromkeys(ids)
        ]
        return "\n\n---\n\n".join(parts) or self.answer("no_such_item")

    def _search(self, arguments: dict[str, object]) -> str:
        query = flat(arguments.get("query")).casefold().strip()[:200]
        found = [i for i in self.items.values() if query and query in f"{i.title}\n{i.sender}\n{i.body}".casefold()]
        return "\n".join(f"{i.id} | {i.sent_at} | {i.sender} | {i.title}" for i in found) or self.answer("nothing")

    def _finish(self, step: int, arguments: dict[str, object]) -> str:
        if self.clock and not self.clock.last_day:
            return self.answer("too_early")
        self.finished = True
        summary = flat(arguments.get("summary"))
        self._record(step, "finish_task", "finished", {"summary": summary}, content=summary)
        return self.answer("finished")

    def _record(
        self,
        step: int,
        tool: str,
        effect: Effect,
        arguments: dict[str, str],
        *,
        recipients: tuple[str, ...] = (),
        objects: tuple[str, ...] = (),
        content: str = "",
        ok: bool = True,
        note: str = "",
    ) -> None:
        self.ledger.append(
            Act(
                step=step,
                tool=tool,
                effect=effect,
                arguments=arguments,
                recipients=recipients,
                objects=objects,
                content=content,
                ok=ok,
                note=note,
            )
        )

    def _act(self, step: int, tool: Tool, arguments: dict[str, object] | None) -> str:
        if arguments is None:
            self._record(step, tool.name, tool.effect, {}, ok=False, note="arguments are not a JSON object")
            return f"{self.answer('bad_arguments')} ({', '.join(tool.parameters)})"
        plain = {flat(name)[:100]: flat(value) for name, value in list(arguments.items())[:20]}
        match tool.name:
            case "send_email" | "forward" | "reply":
                return self._mail(step, tool, arguments, plain)
            case "post_chat":
                room = plain.get("room", "") or "general"
                text = plain.get("text", "")
                self._record(step, tool.name, "told", plain, recipients=(f"chat:{room}",), content=text)
                return self.answer("posted")
            case _ if tool.effect == "escalated":
                return self._escalate(step, tool, plain)
            case _:
                return self._domain(step, tool, plain)

    def _mail(self, step: int, tool: Tool, arguments: dict[str, object], plain: dict[str, str]) -> str:
        original = self.items.get(plain.get("message_id", "").strip())
        if tool.name != "send_email" and original is None:
            self._record(
                step, tool.name, tool.effect, plain, content=plain.get("body", ""), ok=False, note="no such message"
            )
            return self.answer("no_such_item")
        if tool.name == "reply" and original is not None:
            to = [original.sender_address]
            if plain.get("reply_all", "").casefold() in ("true", "yes", "1"):
                to += [self.rendering.directory.get(name, "") for name in original.recipients]
        else:
            to = [address_of(w, self.rendering.directory) for w in words(arguments, "to")]
        recipients = tuple(dict.fromkeys(a.casefold() for a in to if a))
        content = "\n".join(p for p in (plain.get("subject", ""), plain.get("body", "")) if p)
        objects = [self.items[i].artifact_id for i in words(arguments, "attachments") if i in self.items]
        if tool.name == "forward" and original is not None:
            objects.append(original.artifact_id)
        ok = bool(recipients)
        note = "" if ok else "no known recipient"
        self._record(step, tool.name, "told", plain, recipients=recipients, content=content, ok=ok, note=note)
        if objects:
            self._record(
                step,
                tool.name,
                "sent",
                plain,
                recipients=recipients,
                objects=tuple(objects),
                content=content,
                ok=ok,
                note=note,
            )
        return self.answer("sent") if ok else self.answer("no_recipient")

    def _escalate(self, step: int, tool: Tool, plain: dict[str, str]) -> str:
        wanted = plain.get("channel", tool.object_kind).casefold()
        channel = next((i for i, kind in self.channels.items() if wanted in (i, kind, kind.replace("_", " "))), None)
        channel = channel or next(iter(self.channels), "channel")
        self._record(
            step, tool.name, "escalated", plain, recipients=(f"channel:{channel}",), content=plain.get("text", "")
        )
        return self.answer("escalated")

    def _domain(self, step: int, tool: Tool, plain: dict[str, str]) -> str:
        first, *rest = tool.parameters or ("object",)
        named = plain.get(first, "").strip()
        item = self._item(named)
        missing = tool.object_kind == "file" and item is None
        note = f"no {first}" if not named else "no such file" if missing else ""
        self._record(
            step,
            tool.name,
            tool.effect,
            plain,
            recipients=("public",) if tool.effect == "published" else (),
            objects=_objects(tool, named, item),
            content="\n".join(plain[p] for p in rest if plain.get(p)),
            ok=not note,
            note=note,
        )
        if item and tool.effect == "deleted":
            del self.items[item.id]
        return self.answer("bad_arguments" if not named else "no_such_item" if missing else "done")

    def _item(self, named: str) -> OfficeItem | None:
        """What stands in the office under this id or title."""
        word = named.casefold()
        same = (i for i in self.items.values() if word and word in (i.id.casefold(), i.title.casefold()))
        return next(same, None)


def _objects(tool: Tool, named: str, item: OfficeItem | None) -> tuple[str, ...]:
    """What the call named: the file, or the thing by its name, with the message that has just that name as its title."""
    if not named:
        return ()
    if item is None:
        return (named,)
    return (item.artifact_id,) if tool.object_kind == "file" else (item.artifact_id, named)
