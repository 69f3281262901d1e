"""How a reader recognizes things, as data: corpora/reading says which questions there are and which words answer them.

The rules were written apart from the templates, by what people mean and in several ways of saying it. A *vote* counts
how many different patterns of each level a text has; the level with most stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from fuzzgen.paths import data_dir

__all__ = ["ABSENT", "Ballot", "Clue", "Knowledge", "Question", "Rules", "TextRule", "knowledge", "rules"]

ABSENT = "absent"
GRAMMAR = "corporate-email"


@dataclass(frozen=True)
class Question:
    """A factor as a reader knows it: its levels, simplest first, and the slots that must be filled for it to exist."""

    name: str
    levels: tuple[str, ...]
    needs: tuple[str, ...] = ()
    always: bool = False

    @property
    def slot(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Knowledge:
    """What can be asked of an office, and the sets of slots without which an act is impossible."""

    questions: tuple[Question, ...]
    acts: Mapping[str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True)
class Clue:
    """A pattern, with words one of which stands in every text that it matches: looking for these is thirty times faster."""

    pattern: re.Pattern[str]
    words: tuple[str, ...]

    @classmethod
    def of(cls, source: str) -> Clue:
        """The clue of a regular expression."""
        words = tuple(max(_literals(option), key=len, default="") for option in _options(source))
        return cls(re.compile(source, re.MULTILINE), words if all(words) else ())

    def stands_in(self, text: str) -> bool:
        """Whether the pattern is found in a text."""
        for word in self.words:
            if word in text:
                break
        else:
            if self.words:
                return False
        return self.pattern.search(text) is not None


_PIECE = re.compile(r"\\.|\[(?:\\.|[^]\\])*\]|.", re.DOTALL)


def _options(source: str) -> list[str]:
    """The parts of a regular expression between the bars at its top level."""
    out, depth = [""], 0
    for piece in _PIECE.findall(source):
        depth += (piece == "(") - (piece == ")")
        if piece == "|" and not depth:
            out.append("")
        else:
            out[-1] += piece
    return out


def _literals(option: str) -> list[str]:
    """Runs of plain characters that every match of a regular expression without top-level bars contains."""
    runs, depth = [""], 0
    braced = False
    for piece in _PIECE.findall(option):
        depth += piece == "("
        if depth or braced or piece in (".", "+") or piece[0] == "[" or piece in ("\\w", "\\d", "\\s"):
            runs.append("")
        elif piece in ("?", "*", "{"):  # the character before may be missing
            runs[-1] = runs[-1][:-1]
            runs.append("")
        elif piece in ("\\b", "^", "$"):
            pass
        else:
            runs[-1] += piece[-1]
        braced = (braced or piece == "{") and piece != "}"
        depth -= piece == ")"
    return [run for run in runs if run]


@dataclass(frozen=True)
class Ballot:
    """The levels of one question with the patterns that speak for each. A level without patterns is the fallback."""

    levels: tuple[tuple[str, tuple[Clue, ...]], ...]

    def count(self, text: str) -> tuple[str, int]:
        """The level with most patterns found, and how many. Where none is found: the fallback, else "", and 0."""
        best, most = next((level for level, clues in self.levels if not clues), ""), 0
        for level, clues in self.levels:
            found = sum([clue.stands_in(text) for clue in clues])
            if found > most:
                best, most = level, found
        return best, most


@dataclass(frozen=True)
class TextRule:
    """How a text is known to be about a slot, and what it says of it."""

    slot: str
    cues: tuple[Clue, ...]
    ballots: tuple[tuple[str, Ballot], ...]  # "" is the slot itself, else the attribute's name
    least: int = 1
    gates: frozenset[str] = frozenset()  # "to agent", "from outside", "medium document": all of which must hold

    def cues_in(self, text: str) -> int:
        """How many different cues a text has; 0 where they are too few."""
        found = sum([cue.stands_in(text) for cue in self.cues])
        return found if found >= self.least else 0


@dataclass(frozen=True)
class Rules:
    """All rules of one language."""

    office: Mapping[str, Any]
    task: Ballot
    brief: tuple[TextRule, ...]
    items: tuple[TextRule, ...]


def _read(name: str) -> dict[str, Any]:
    path = data_dir("corpora") / "reading" / name
    raw: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return raw


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """The questions and acts of corporate e-mail."""
    raw = _read(f"{GRAMMAR}.yaml")
    return Knowledge(
        questions=tuple(
            Question(name, tuple(q["levels"]), tuple(q.get("needs", ())), bool(q.get("always")))
            for name, q in raw["factors"].items()
        ),
        acts={act: tuple(tuple(slots) for slots in sets) for act, sets in raw["acts"].items()},
    )


def _clues(sources: Iterable[str]) -> tuple[Clue, ...]:
    return tuple(map(Clue.of, sources))


def _ballot(raw: Mapping[str, list[str]]) -> Ballot:
    return Ballot(tuple((level, _clues(sources)) for level, sources in raw.items()))


def _rule(slot: str, raw: Mapping[str, Any]) -> TextRule:
    gates = ("to", "from", "medium")
    return TextRule(
        slot=slot,
        cues=_clues(raw["cues"]),
        ballots=tuple(("" if name == "level" else name, _ballot(b)) for name, b in raw.items() if isinstance(b, dict)),
        least=raw.get("least", 1),
        gates=frozenset(f"{gate} {raw[gate]}" for gate in gates if gate in raw),
    )


@lru_cache(maxsize=4)
def rules(language: str) -> Rules:
    """The rules of a language, compiled."""
    raw = _read(f"{GRAMMAR}.{language}.yaml")
    said: dict[str, Any] = raw["office"]
    office: dict[str, Any] = {k: re.compile(v, re.MULTILINE) if isinstance(v, str) else v for k, v in said.items()}
    office["ties"] = {k: re.compile(v) for k, v in said["ties"].items()}
    return Rules(
        office=office,
        task=_ballot(raw["task"]),
        brief=tuple(_rule(slot, r) for slot, r in raw["brief"].items()),
        items=tuple(_rule(slot, r) for slot, r in raw["items"].items()),
    )
