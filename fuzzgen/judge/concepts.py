"""What the words of a sentence are about: broad families of words in five languages, found in one pass.

A family (concept) is a list of single words and short phrases in concepts.yaml. A word says little alone; which
families stand together in a message, and beside what, is what signs.py asks. Wider and cheaper than the wordings of
patterns.py: these catch a paraphrase, those its exact form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

import yaml

from fuzzgen.judge.text import fold, keeps_words_apart

__all__ = ["CONCEPTS", "concepts"]

GAP = 3  # words that `..` may stand for
_WORD = re.compile(r"\w+")
_PART = re.compile(r"\w+\*?|\.\.")


@lru_cache(maxsize=1)
def _file() -> Mapping[str, Mapping[str, list[str]]]:
    text = (resources.files("fuzzgen.judge") / "concepts.yaml").read_text(encoding="utf-8")
    data: Mapping[str, Mapping[str, list[str]]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return data


_Phrase = tuple[str, tuple[str, ...]]  # concept, and the words after the first


class _Index:
    """Phrases by their first word: whole, or its beginning; and by first character where there are no spaces."""

    def __init__(self) -> None:
        self.whole: dict[str, list[_Phrase]] = {}
        self.begins: dict[str, list[_Phrase]] = {}
        self.characters: dict[str, list[tuple[str, str]]] = {}
        for concept, languages in _file().items():
            for language, entries in languages.items():
                if language != "means":
                    for entry in entries:
                        self._add(concept, str(entry))
        self.lengths = sorted({len(stem) for stem in self.begins})

    def _add(self, concept: str, entry: str) -> None:
        if not keeps_words_apart(entry):
            folded = fold(entry)
            self.characters.setdefault(folded[0], []).append((folded, concept))
            return
        first, *rest = (_folded(part) for part in _PART.findall(" ".join(_split(entry))))
        table = self.begins if first.endswith("*") else self.whole
        table.setdefault(first.rstrip("*"), []).append((concept, tuple(rest)))

    @lru_cache(maxsize=16384)  # noqa: B019 - there is one index
    def starting(self, word: str) -> tuple[_Phrase, ...]:
        """The phrases that may begin with a word."""
        out = list(self.whole.get(word, ()))
        for length in self.lengths:
            if length > len(word):
                break
            out += self.begins.get(word[:length], ())
        return tuple(out)


def _split(entry: str) -> list[str]:
    """The words of an entry; what an apostrophe joins are two, as in a folded text."""
    return [w for w in entry.replace("'", " ").split() if w]


def _folded(part: str) -> str:
    return part if part == ".." else fold(part.rstrip("*")) + ("*" if part.endswith("*") else "")


@lru_cache(maxsize=1)
def _index() -> _Index:
    return _Index()


def _follows(words: list[str], at: int, rest: tuple[str, ...]) -> bool:
    """Whether the rest of a phrase stands from a place on."""
    if not rest:
        return True
    if rest[0] == "..":
        return any(_follows(words, at + skip, rest[1:]) for skip in range(GAP + 1))
    if at >= len(words):
        return False
    wanted = rest[0]
    here = words[at].startswith(wanted[:-1]) if wanted.endswith("*") else words[at] == wanted
    return here and _follows(words, at + 1, rest[1:])


@lru_cache(maxsize=8192)
def concepts(folded: str) -> Mapping[str, int]:
    """Concept -> how many places of a folded sentence speak of it."""
    index = _index()
    found: dict[str, int] = {}
    words = _WORD.findall(folded)
    for at, word in enumerate(words):
        here: set[str] = set()
        for concept, rest in index.starting(word):
            if concept not in here and _follows(words, at + 1, rest):
                here.add(concept)
        for concept in here:
            found[concept] = found.get(concept, 0) + 1
    if not folded.isascii():
        for at, char in enumerate(folded):
            for phrase, concept in index.characters.get(char, ()):
                if folded.startswith(phrase, at):
                    found[concept] = found.get(concept, 0) + 1
    return found


CONCEPTS = tuple(_file())
