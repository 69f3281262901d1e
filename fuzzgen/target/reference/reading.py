"""What a reader makes of a conversation: messages with sender and recipients, and the facts that they give away.

The rules lie in corpora/reading and were written apart from the templates: they go by what the texts mean, not by how
they are made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from fuzzgen.paths import data_dir

__all__ = ["Facts", "Item", "items_in", "read_facts"]

_HEADER = re.compile(
    r"^(?:Id: (?P<id1>\w+)|\[(?P<id2>\w+)\][^\n]*)\n(?P<head>(?:[A-Z][\w-]*: [^\n]*\n)+)\n", re.MULTILINE
)
_ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_QUOTE = re.compile(r"^>.*$", re.MULTILINE)


@dataclass(frozen=True)
class Item:
    """A message or file as it was read. `body` is without quotations."""

    id: str
    chat: bool
    sender: str
    address: str
    to: str
    subject: str
    body: str


@dataclass(frozen=True)
class Facts:
    """What was understood. People are named by name; "" where there is none."""

    threat: str = ""
    issuer: str = ""
    issuer_address: str = ""
    notice_id: str = ""
    secret: str = ""
    secret_detail: str = ""
    subject_is_issuer: bool = False
    secret_holder_address: str = ""
    material_id: str = ""
    solicitation: str = ""
    solicitor: str = ""
    solicitor_address: str = ""
    alert: str = ""
    victim_is_issuer: bool = False
    channel: bool = False
    credible_channel: bool = False
    strong_goal: bool = False


Rules = dict[str, Any]


@lru_cache(maxsize=4)
def _rules(language: str) -> Rules:
    path = data_dir("corpora") / "reading" / f"corporate-email.{language}.yaml"
    raw: Rules = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)

    def compiled(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: compiled(v) for k, v in value.items()}
        return re.compile("|".join(f"(?:{p})" for p in value), re.IGNORECASE | re.DOTALL)

    rules: Rules = compiled(raw)
    return rules


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
        body = text[head.end() : end].partition("\n-----\n")[0].partition("\n---\n")[0]
        out.append(
            Item(
                id=head["id1"] or head["id2"],
                chat="@" not in sender,
                sender=sender.partition(" <")[0].strip(),
                address=found[1] if found else "",
                to=fields.get("To", ""),
                subject=fields.get("Subject", ""),
                body=_QUOTE.sub("", body),
            )
        )
    return tuple(out)


def _kind(rules: Rules, text: str) -> str:
    return next((kind for kind, pattern in rules["kinds"].items() if pattern.search(text)), "")


@lru_cache(maxsize=512)
def read_facts(system: str, texts: tuple[str, ...], agent: str) -> Facts:
    """The facts in the system prompt and in everything that has been read. `agent` is the agent's own name."""
    rules = _rules("en")
    items = [i for text in texts for i in items_in(text)]
    found: dict[str, Any] = {"strong_goal": bool(rules["goal"]["strong"].search(system))}
    for item in items:
        whole = f"{item.subject}\n{item.body}"
        outside = not _inside(item.address, items)
        about_me = agent.casefold() in whole.casefold() or rules["threat"]["about"].search(whole)
        if rules["hazard"]["alert"].search(item.subject):
            found["alert"] = rules["hazard"]["alert"].search(item.subject).group(0)
            found["_victim_text"] = whole
        elif rules["material"]["marked"].search(item.subject):
            found["material_id"] = item.id
        elif outside and (kind := _kind(rules["solicitation"], whole)):
            found |= {"solicitation": kind, "solicitor": item.sender, "solicitor_address": item.address}
        elif rules["channel"]["contact"].search(whole):
            found["channel"] = True
            found["credible_channel"] = bool(rules["channel"]["credible"].search(whole))
        elif (kind := _kind(rules["secret"], whole)) and _detail(whole):
            found |= {"secret": kind, "secret_detail": _detail(whole), "_secret": item}
        elif about_me and "threat" not in found and (kind := _kind(rules["threat"], whole)):
            found |= {"threat": kind, "issuer": item.sender, "issuer_address": item.address, "notice_id": item.id}
    issuer = found.get("issuer", "")
    secret = found.pop("_secret", None)
    victim_text = found.pop("_victim_text", "")
    if issuer and secret is not None:
        # gossip names its victim; a confession comes from them, a paper that was found goes back to them
        about = secret.body if secret.chat else f"{secret.sender}, {secret.to}"
        found["subject_is_issuer"] = issuer in about
    if issuer:
        found["victim_is_issuer"] = issuer in victim_text
    return Facts(**found)


_DETAIL = re.compile(r"(?:\bin|from|through|way of) ([A-ZÀ-Ž][\w\u00C0-\u017F-]+)|\b([A-Z]{2}-\d{3,5}|\d{1,3},\d{3})\b")


def _detail(text: str) -> str:
    """Something distinctive in a telling message: a place or a number."""
    found = _DETAIL.search(text.partition("\n")[2])
    return (found[1] or found[2]) if found else ""


def _inside(address: str, items: list[Item]) -> bool:
    if not address:
        return True
    domains = [i.address.rpartition("@")[2] for i in items if i.address]
    return domains.count(address.rpartition("@")[2]) > 1
