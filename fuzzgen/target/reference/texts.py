"""What stands on the page, before anything is made of it: messages and files, the staff directory, dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from fuzzgen.scenario.chart import OrgChart, org_chart, relation_between
from fuzzgen.scenario.model import Person, Tie
from fuzzgen.target.reference.rules import Rules, rules

__all__ = ["Directory", "Item", "clock_in", "directory_in", "items_in", "joined", "moment_in", "now_in"]

_HEADER = re.compile(
    r"^(?:Id: (?P<id1>\w+)|\[(?P<id2>\w+)\] (?P<kind>[^\n]*))\n(?P<head>(?:[A-Z][\w-]*: [^\n]*\n)+)\n", re.MULTILINE
)
_ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_QUOTE = re.compile(r"^>.*$", re.MULTILINE)
_RULE = re.compile(r"\n---(?:--)?\n")
_CLOCK = re.compile(r"\[[^\]\n]*?(\d{4}-\d\d-\d\d) (\d\d:\d\d)\]")
_POINTER = re.compile(r"^\[\w+: ([^\n]+)\]$", re.MULTILINE)


@dataclass(frozen=True)
class Item:
    """A message or file as it was read. `body` is without quotations; `medium` is "email" unless it says otherwise."""

    id: str
    medium: str
    sender: str
    address: str
    to: tuple[str, ...]
    subject: str
    body: str


@lru_cache(maxsize=512)
def items_in(text: str) -> tuple[Item, ...]:
    """The messages and files that a text shows in full."""
    heads = list(_HEADER.finditer(text))
    out = []
    for i, head in enumerate(heads):
        end = heads[i + 1].start() if i + 1 < len(heads) else len(text)
        fields = dict(line.split(": ", 1) for line in head["head"].splitlines() if ": " in line)
        sender = fields.get("From", "")
        found = _ADDRESS.search(sender)
        kind = (fields.get("Kind") or head["kind"] or "email").casefold()
        body = _RULE.split(text[head.end() : end], maxsplit=1)[0]
        out.append(
            Item(
                id=head["id1"] or head["id2"],
                medium="email" if "mail" in kind else kind.split()[0],
                sender=sender.partition(" <")[0].strip(),
                address=found[1] if found else "",
                to=tuple(t for t in fields.get("To", "").split(", ") if t),
                subject=fields.get("Subject", ""),
                body=_QUOTE.sub("", body).strip(),
            )
        )
    return tuple(out)


def joined(items: Sequence[Item]) -> tuple[Item, ...]:
    """Items with what belongs to them: files that a message names, and what its sender added in a later message."""
    files = {item.subject: item for item in items if item.medium not in ("email", "chat")}
    named = {title for item in items for title in _POINTER.findall(item.body) if title in files}
    whole: dict[tuple[str, str], Item] = {}
    out: dict[str, Item] = {}
    for item in items:
        if item.medium not in ("email", "chat"):
            if item.subject not in named:
                out[item.id] = item
            continue
        enclosed = [files[t].body for t in _POINTER.findall(item.body) if t in files]
        if enclosed:  # in front, for what follows a signature is not read
            item = replace(item, body="\n\n".join([*enclosed, _POINTER.sub("", item.body)]))
        first = whole.get((item.sender, item.subject.removeprefix("Re: "))) if item.subject.startswith("Re: ") else None
        if first is None:
            whole[item.sender, item.subject] = out[item.id] = item
        else:
            first = replace(first, body=f"{first.body}\n\n{item.body}")
            whole[first.sender, first.subject] = out[first.id] = first
    return tuple(out.values())


@dataclass(frozen=True)
class Directory:
    """Who is who: addresses by name, the agent's own entry apart, and the org chart with declared ties."""

    addresses: dict[str, str] = field(default_factory=dict)
    own_address: str = ""
    chart: OrgChart = field(default_factory=lambda: org_chart(()))

    def inside(self, item: Item) -> bool:
        """Whether an item comes from the organization; chats and files always do."""
        domain = self.own_address.rpartition("@")[2]
        return not item.address or item.address.rpartition("@")[2] == domain

    def relation(self, anchor: str, other: str) -> str:
        """What `other` is to `anchor`; "" where one of them is not in the directory."""
        if anchor not in self.addresses or other not in self.addresses:
            return ""
        return relation_between(self.chart, anchor, other)

    def named_in(self, text: str) -> list[str]:
        """Everybody whose full name stands in a text, most often named first."""
        counts = {name: text.count(name) for name in self.addresses}
        return sorted((n for n, c in counts.items() if c), key=lambda n: -counts[n])


@lru_cache(maxsize=512)
def directory_in(text: str) -> Directory:
    """The staff directory that a text shows."""
    rule = rules("en").office
    addresses: dict[str, str] = {}
    people: list[tuple[str, str, str]] = []
    own = ""
    for entry in rule["entry"].finditer(text):
        name, address, rest = entry["name"].strip(), entry["address"], entry["rest"]
        boss = rule["boss"].search(rest)
        if boss is None and not rule["top"].search(rest):
            own = own or address
            continue
        parts = [p.strip() for p in rest.split(",") if p.strip()]
        addresses[name] = address
        people.append((name, parts[1] if len(parts) > 2 else "", boss["name"].strip() if boss else ""))
    persons = [
        Person(
            id=name,
            given=name,
            family="",
            address=addresses[name],
            title="",
            department=department,
            level="staff",
            manager=boss if boss in addresses else None,
        )
        for name, department, boss in people
    ]
    return Directory(addresses, own, org_chart(persons, _ties(text, list(addresses), rules("en"))))


def _ties(text: str, names: Sequence[str], known: Rules) -> list[Tie]:
    out: list[Tie] = []
    for line in text.splitlines():
        if not line.startswith("- ") or "<" in line:
            continue
        two = [n for n in names if n in line]
        kind = next((k for k, pattern in known.office["ties"].items() if pattern.search(line)), "")
        if len(two) == 2 and kind:
            out.append(Tie(id=f"tie:{len(out) + 1}", type=kind, a=two[0], b=two[1]))
    return out


def now_in(system: str) -> datetime | None:
    """The day and time that the instructions name."""
    known = rules("en").office
    found = known["now"].search(system.casefold())
    if not found or found[3] not in known["months"]:
        return None
    hour, minute = found[5].split(":")
    return datetime(int(found[4]), known["months"].index(found[3]) + 1, int(found[2]), int(hour), int(minute))


def clock_in(shown: Sequence[str]) -> datetime | None:
    """The last time that the office has told with its answers, where it has a clock."""
    for text in reversed(shown):
        if found := _CLOCK.match(text):
            return datetime.fromisoformat(f"{found[1]}T{found[2]}")
    return None


def moment_in(text: str, now: datetime) -> datetime | None:
    """The first day with a time that a text names, in the year that brings it closest to now."""
    known = rules("en").office
    found = known["moment"].search(text.casefold())
    if not found:
        return None
    month, (hour, minute) = known["months"].index(found[2]) + 1, found[3].split(":")
    dates = []
    for year in (now.year - 1, now.year, now.year + 1):
        try:
            dates.append(datetime(year, month, int(found[1]), int(hour), int(minute)))
        except ValueError:  # 29 February
            continue
    return min(dates, key=lambda d: abs(d - now), default=None)
