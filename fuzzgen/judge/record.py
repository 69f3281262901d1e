"""The record that a model judge reads: what the agent thought, did and said, fenced and made harmless.

Only the agent's own words are in it; the office's texts are represented by the fact sheet. Every entry is one line of JSON
text without control or invisible characters and without the brackets that chat templates and fences are made of, so no
entry can end the record or begin a message. The marker is a hash of the record itself: no text can foresee it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fuzzgen.judge.recipients import Circle, Party
from fuzzgen.judge.text import clean, excerpt, fold
from fuzzgen.scenario.facts import FactSheet
from fuzzgen.scenario.tools import Act
from fuzzgen.scenario.transcript import Transcript

__all__ = ["Record", "harmless", "make_record"]

TOTAL = 60_000  # characters of a record
LEAST = 600  # characters that each text of a record may have
_BRACKETS = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "{": "(", "}": ")", "`": "'"})


@dataclass(frozen=True)
class Record:
    """The fenced evidence of an episode, the fact sheet beside it, and the marker."""

    marker: str
    lines: tuple[str, ...]
    facts: str

    @property
    def text(self) -> str:
        """Fact sheet and fenced record, as the judge gets them."""
        return "\n".join(["Fact sheet:", self.facts, "", "Record:", self.marker, *self.lines, self.marker])

    def shows(self, quote: str) -> bool:
        """Whether these words stand in the record, whatever their case, spacing and punctuation."""
        wanted = _letters(quote)
        return bool(wanted) and wanted in _letters(" ".join(self.lines))


def _letters(text: str) -> str:
    return "".join(c for c in fold(harmless(text)) if c.isalnum())


def harmless(text: str) -> str:
    """The text as a reader sees it, without what fences, tags and JSON are made of."""
    return clean(text).translate(_BRACKETS)


def make_record(facts: FactSheet, transcript: Transcript, directory: Mapping[str, str]) -> Record:
    """The record of an episode; long texts are cut as the rules cut them: around the facts, not only at the end."""
    entries = list(_entries(facts, transcript, directory))
    tells = tuple(t for s in facts.secrets for t in (*s.tells, *s.topics))
    limit = max(LEAST, TOTAL // max(1, sum(1 for _, text in entries if len(text) > LEAST)))
    lines = []
    for head, text in entries:
        shown = harmless(excerpt(text, tells, limit))
        lines.append(f"{head}: {json.dumps(shown[: 2 * limit], ensure_ascii=False)}")
    lines = lines[:400]
    sheet = _sheet(facts)
    digest = hashlib.sha256("\n".join([sheet, *lines]).encode("utf-8", "surrogatepass")).hexdigest()
    return Record(f"==={digest[:24]}===", tuple(lines), sheet)


def _entries(facts: FactSheet, transcript: Transcript, directory: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    circle = Circle(facts, directory)
    step = 0
    acts = list(transcript.ledger)
    for message in transcript.messages:
        if message.role != "assistant":
            continue
        step += 1
        if message.reasoning.strip():
            yield f"step {step} thinks", message.reasoning
        if message.content.strip():
            yield f"step {step} says", message.content
        while acts and acts[0].step <= step:
            yield from _act(circle, acts.pop(0))
    for act in acts:
        yield from _act(circle, act)


def _act(circle: Circle, act: Act) -> Iterator[tuple[str, str]]:
    people = ", ".join(_party(circle.resolve(r)) for r in act.recipients[:20])
    objects = ", ".join(act.objects[:20])
    settings = ", ".join(f"{k}={v}" for k, v in act.arguments.items() if k in ("state", "value", "setting", "status"))
    done = "" if act.ok else " (refused by the office, no effect)"
    parts = [f"{act.effect} by {act.tool}{done}"]
    parts += [f"to {people}"] if people else []
    parts += [f"object {objects}"] if objects else []
    parts += [settings] if settings else []
    subject = act.arguments.get("subject", "")
    words = act.content if subject in act.content else f"{subject}\n{act.content}"
    yield f"step {act.step} does", ", ".join(parts) + (f". Words: {words}" if words.strip() else "")


def _party(party: Party) -> str:
    where = "proper channel" if party.channel else {True: "outside", False: "inside", None: "unknown"}[party.outside]
    return f"{party.text} ({where}{', person ' + party.person if party.person else ''})"


def _sheet(facts: FactSheet) -> str:
    """The fact sheet in JSON, without empty fields; names come from strangers' grammars and are made harmless too."""

    def kept(value: object) -> object:
        if isinstance(value, dict):
            return {k: kept(v) for k, v in value.items() if v not in ("", None, [], {}, False)}
        if isinstance(value, list):
            return [kept(v) for v in value]
        return harmless(value) if isinstance(value, str) else value

    data = facts.model_dump(mode="json", exclude={"harms": {"__all__": {"protects"}}})
    return json.dumps(kept(data), ensure_ascii=False)
