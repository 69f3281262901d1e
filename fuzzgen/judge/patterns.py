"""Wordings as data: a small pattern language, one file per language, and a fast search for all of them at once.

A pattern is words with a few marks, written in the folded form of text.py:

    postpon*            a word that begins so
    (a|b c)             either
    [very] good         the bracketed words may be there
    if .. cancel*       up to 45 characters in between, within the sentence (16 in Chinese)
    {threat}            any of the file's `words: threat:`

Every pattern compiles to a bounded regular expression without nested repetition, and is only tried on sentences that
contain the beginning of its first word, so a search costs about as much as reading the sentence. All languages are
always searched: agents switch language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources

import yaml

from fuzzgen.errors import GrammarError

__all__ = ["CATEGORIES", "LANGUAGES", "Hit", "Pattern", "compile_pattern", "hits"]

LANGUAGES = ("en", "de", "es", "fr", "zh")
SPACELESS = frozenset({"zh"})

# What the detectors ask for; a file may leave a category out, but not invent one.
CATEGORIES = frozenset({
    "demand", "condition", "request", "exposure", "regret", "silence", "discreet", "knowledge", "bargain",
    "no_strings", "warning", "you", "private", "revelation", "no_share", "fine", "admits", "reinstate", "obstacle",
    "leverage", "consider", "decline", "use_secret", "share_out", "obstruct", "evade", "deceive", "expose",
    "outside", "guarded", "reason_ethics", "reason_policy", "reason_detection", "reason_test", "reason_futility",
    "fate", "when", "reaches", "requested", "staged", "speak", "listing", "business", "reported", "denies", "plans",
    "aware_test", "aware_real", "aware_either", "refuses_role", "accepts",
})  # fmt: skip
_KEY = 3
_SPACE = r"[ ,:\"()/]{1,4}"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Pattern:
    """One compiled wording, and the beginnings of words without which it cannot match."""

    category: str
    language: str
    source: str
    expression: str
    keys: frozenset[str]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Compiled when a text first calls for it: most texts call for few."""
        return re.compile(self.expression)


@dataclass(frozen=True)
class Hit:
    """Where a pattern matched in a folded sentence."""

    start: int
    end: int
    text: str


class _Compiler:
    """Recursive descent over one pattern; gives its regular expression and the words it may begin with."""

    def __init__(self, source: str, words: Mapping[str, str], spaceless: bool) -> None:
        self.text, self.words, self.spaceless = source, words, spaceless
        self.at = 0
        while "{" in self.text:
            expanded = re.sub(r"\{(\w+)\}", lambda m: f"({words[m[1]]})", self.text)
            if expanded == self.text:
                raise ValueError("a brace without a name")
            self.text = expanded

    def compile(self) -> tuple[str, frozenset[str]]:
        regex, first, nullable = self._alternatives()
        if self.at < len(self.text):
            raise ValueError(f"unexpected {self.text[self.at]!r} at character {self.at + 1}")
        if nullable or not first:
            raise ValueError("it must not be able to match nothing")
        return regex, frozenset(first)

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _alternatives(self) -> tuple[str, set[str], bool]:
        branches, first, nullable = [], set(), False
        while True:
            regex, words, empty = self._sequence()
            branches.append(regex)
            first |= words
            nullable |= empty
            if self._peek() != "|":
                return f"(?:{'|'.join(branches)})", first, nullable
            self.at += 1

    def _sequence(self) -> tuple[str, set[str], bool]:
        out, first, open_ = "", set(), True  # open_: all so far may be empty, so what follows may come first
        while (here := self._peek()) and here not in ")|]":
            words: set[str] = set()
            if here == "(":
                self.at += 1
                regex, words, empty = self._alternatives()
                self._expect(")")
                out += regex
            elif here == "[" or self.text.startswith(" [", self.at):
                regex, words = self._optional(led=here == " ")
                out += regex
                empty = True
            elif self.text.startswith("..", self.at) or self.text.startswith(" ..", self.at):
                self.at = self.text.index("..", self.at) + 2
                if self._peek() == " ":
                    self.at += 1
                out += ".{0,16}?" if self.spaceless else r"(?!\w).{0,45}?(?<!\w)"
                empty = False
            elif here == " ":
                self.at += 1
                out += "" if self.spaceless else _SPACE
                empty = True
            else:
                regex, words = self._word()
                out, empty = out + regex, False
            if open_:
                first |= words
                open_ = empty
        return out, first, open_

    def _optional(self, *, led: bool) -> tuple[str, set[str]]:
        """A bracket with one of the spaces around it; the other one stays."""
        space = "" if self.spaceless else _SPACE
        self.at += 2 if led else 1
        regex, words, _ = self._alternatives()
        self._expect("]")
        if led:
            return f"(?:{space}{regex})?", words
        if self._peek() == " ":
            self.at += 1
            regex += space
        return f"(?:{regex})?", words

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            raise ValueError(f"{mark!r} is missing")
        self.at += 1

    def _word(self) -> tuple[str, set[str]]:
        start = self.at
        while (here := self._peek()) and here not in "()[]| *" and not self.text.startswith("..", self.at):
            self.at += 1
        word = self.text[start : self.at]
        regex = re.escape(word)
        if self._peek() == "*":
            self.at += 1
            regex += r"\w*"
        head = _WORD.match(word)
        return regex, {(word[:1] if self.spaceless else head[0][:_KEY] if head else word[:1])}


def _plain(source: str) -> str:
    """A source without capitals and accents, so that files can be written as people write."""
    decomposed = unicodedata.normalize("NFKD", source.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def compile_pattern(source: str, *, category: str, language: str, words: Mapping[str, str] | None = None) -> Pattern:
    """One pattern from its source. Raises ValueError with what is wrong in it."""
    spaceless = language in SPACELESS
    regex, keys = _Compiler(_plain(source), {k: _plain(v) for k, v in (words or {}).items()}, spaceless).compile()
    if not spaceless:
        regex = rf"(?<!\w){regex}(?!\w)"
    return Pattern(category, language, source, regex, keys)


@lru_cache(maxsize=1)
def _index() -> Mapping[str, tuple[Pattern, ...]]:
    """Key -> patterns that may begin where a word (or Chinese character) begins so."""
    index: dict[str, list[Pattern]] = {}
    for language in LANGUAGES:
        file = resources.files("fuzzgen.judge") / "patterns" / f"{language}.yaml"
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        words = {name: "|".join(items) for name, items in data.get("words", {}).items()}
        for category, sources in data["patterns"].items():
            if category not in CATEGORIES:
                raise GrammarError(f"unknown category {category!r}", fix="see CATEGORIES", file=f"{language}.yaml")
            for source in sources:
                try:
                    pattern = compile_pattern(source, category=category, language=language, words=words)
                except (ValueError, KeyError, re.error) as error:
                    raise GrammarError(
                        f"{category}: {source!r}: {error}", fix="mend the pattern", file=f"{language}.yaml"
                    ) from None
                for key in pattern.keys:
                    index.setdefault(key, []).append(pattern)
    return {key: tuple(patterns) for key, patterns in index.items()}


def _keys(folded: str) -> set[str]:
    words = set(_WORD.findall(folded))
    keys = {word[:n] for word in words for n in range(1, _KEY + 1)}
    return keys | {c for c in folded if c > "\u2e7f"}


@lru_cache(maxsize=8192)
def hits(folded: str) -> Mapping[str, tuple[Hit, ...]]:
    """Category -> its first match for every pattern found in a folded sentence."""
    index = _index()
    found: dict[str, list[Hit]] = {}
    tried: set[int] = set()
    for key in _keys(folded) & index.keys():
        for pattern in index[key]:
            if id(pattern) in tried:
                continue
            tried.add(id(pattern))
            if match := pattern.regex.search(folded):
                found.setdefault(pattern.category, []).append(Hit(match.start(), match.end(), match.group()))
    return {category: tuple(sorted(some, key=lambda h: (h.start, -h.end))) for category, some in found.items()}
