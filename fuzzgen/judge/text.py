"""Text made comparable, whatever was done to its surface.

An agent's words reach the judge wrapped, decorated, with invisible characters, escape sequences or look-alike letters,
and sometimes ten megabytes long. `clean` takes away what no reader would see; `fold` brings it to the form in which
patterns are written; `sentences` cuts it into the units that evidence quotes. None of them ever raises, and their
running time is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Sentence", "clean", "excerpt", "find_word", "fold", "has_word", "keeps_words_apart", "sentences", "spaced"]

LONG = 60_000  # characters above which repeated sentences are dropped first
LIMIT = 160_000  # characters of one text that are judged at most, besides windows around the facts looked for
WINDOW = 600  # characters kept on each side of such a fact
SENTENCE = 1_200  # a longer run without a full stop is cut at a space
QUOTE = 300  # characters of a quotation

# At most one intermediate byte, as in practice: more would swallow the beginning of a text after a lone "ESC [".
_ANSI = re.compile(r"\x1b\[[0-?]{0,40}[ -/]?[@-~]|\x1b\][^\x07\x1b]{0,400}(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
_SPACE = re.compile(r"\s+")
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3000-\u303f\uff01-\uff0f\uff1a-\uff20"
_SPACE_IN_CJK = re.compile(f"(?<=[{_CJK}]) (?=[{_CJK}])")
_IS_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

_SCRIPTS_MEET = re.compile(r"(?<=[\u3040-\u9fff])(?=[^\W\u3040-\u9fff])|(?<=[^\W\u3040-\u9fff])(?=[\u3040-\u9fff])")
_ABBREVIATION = re.compile(
    r"\b(?:(?P<noon>[ap])\.\s?m\.|(?P<title>mrs?|ms|dr|prof|st|sra?|mme|mlle|hr|fr|bzw|ca|nr|no|vs|approx|e\.g|i\.e|z\.\s?b)\.)",
    re.IGNORECASE,
)
_GERMAN_DATE = re.compile(
    r"\b(\d{1,2})\.(?=\s?(?:jan|feb|mär|mrz|apr|mai|jun|jul|aug|sep|okt|nov|dez)[a-zä]{0,7}\b)", re.IGNORECASE
)
_STOP = re.compile(r"(?<=[.!?;…])[\"'”’»)\]*_]{0,4}\s+|(?<=[。！？；])\s*")

# Letters that look Latin and are not, after casefold. No language judged here is written in these scripts.
_LOOKALIKES = {
    ord(strange): plain
    for plain, family in {
        "a": "аα", "b": "вβ", "c": "с", "d": "ԁ", "e": "еεє", "h": "һн", "i": "іıιɩ", "j": "ј", "k": "кκ", "l": "ℓӏ",
        "m": "м", "n": "ոη", "o": "оοօө", "p": "рρ", "s": "ѕ", "t": "тτ", "u": "υս", "v": "ν", "w": "ԝω", "x": "хχ",
        "y": "уү", "g": "ɡ", "'": "‘’‚‛`´ʼ＇′", '"': "“”„«»″", " ": "-‐‑‒–—−_*#>|~•·",
    }.items()
    for strange in family
}  # fmt: skip
_CONTRACTIONS = (
    (re.compile(r"\bcannot\b"), "can not"),
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"\bi'm\b"), "i am"),
    (re.compile(r"\blet's\b"), "let us"),
    (re.compile(r"(?<=\w)'d\b"), " would"),
    (re.compile(r"\b(it|that|there|what|he|she)'s\b"), r"\1 is"),
)


@dataclass(frozen=True)
class Sentence:
    """A sentence as it can be quoted, and folded for matching."""

    text: str
    folded: str

    @property
    def quote(self) -> str:
        """At most 300 characters, safe to show."""
        return self.text if len(self.text) <= QUOTE else self.text[: QUOTE - 1] + "…"


def clean(text: str) -> str:
    """The text as a reader sees it: no escape sequences, controls or invisible characters, single spaces."""
    text = _INVISIBLE.sub("", _ANSI.sub("", text))
    return _SPACE_IN_CJK.sub("", _SPACE.sub(" ", text)).strip()


@lru_cache(maxsize=8192)
def _fold(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = text.translate(_LOOKALIKES)
    if "'" in text or "cannot" in text:
        for pattern, plain in _CONTRACTIONS:
            text = pattern.sub(plain, text)
    return _SPACE.sub(" ", text).strip()


def fold(text: str) -> str:
    """Casefolded NFKC without diacritics, look-alikes, hyphens or markup; English contractions written out."""
    return _fold(clean(text))


def keeps_words_apart(text: str) -> bool:
    """Whether the text is in a script that puts spaces between words."""
    return not _IS_CJK.search(text)


@lru_cache(maxsize=8192)
def spaced(folded: str) -> str:
    """A folded text with a space wherever Chinese characters meet other words, so that both end there."""
    return folded if folded.isascii() else _SCRIPTS_MEET.sub(" ", folded)


def _joins(char: str) -> bool:
    """Whether a character next to a word belongs to it: Chinese characters do not."""
    return (char.isalnum() or char == "_") and not "\u3040" <= char <= "\u9fff"


def find_word(needle: str, folded: str) -> int:
    """Where a needle stands in a folded text as whole words; -1 where it does not.

    A needle that begins or ends in a script without spaces needs no boundary there.
    """
    first, last = _joins(needle[:1]), _joins(needle[-1:])
    at = folded.find(needle)
    while at >= 0:
        end = at + len(needle)
        if not (first and at and _joins(folded[at - 1])) and not (last and end < len(folded) and _joins(folded[end])):
            return at
        at = folded.find(needle, at + 1)
    return -1


def has_word(needle: str, folded: str) -> bool:
    """Whether a needle stands in a folded text as whole words."""
    return find_word(needle, folded) >= 0


def excerpt(text: str, facts: Iterable[str] = (), limit: int = LIMIT) -> str:
    """The part of a text that is judged: all of it as a rule.

    Of a long one each sentence counts once; of what is still longer, its beginning, its end, and the surroundings of
    the `facts` looked for, wherever they stand. So padding does not hide what was said.
    """
    if len(text) <= min(LONG, limit):
        return text
    text = " ".join(dict.fromkeys(_STOP.split(clean(text))))
    if len(text) <= limit:
        return text
    half = limit // 2
    low, found = text.casefold(), []
    for fact in facts:
        needle, at = clean(fact).casefold(), 0
        for _ in range(8):
            at = low.find(needle, at) if needle else -1
            if at < 0:
                break
            if half <= at < len(text) - half:
                found.append(text[max(0, at - WINDOW) : at + WINDOW])
            at += WINDOW
    return " . ".join([text[:half], *found[:60], text[-half:]])


def _pieces(sentence: str) -> Iterable[str]:
    while len(sentence) > SENTENCE:
        cut = sentence.rfind(" ", SENTENCE // 2, SENTENCE)
        cut = cut if cut > 0 else SENTENCE
        yield sentence[:cut]
        sentence = sentence[cut:].lstrip()
    yield sentence


def _undot(match: re.Match[str]) -> str:
    return f"{match['noon']}m" if match["noon"] else match["title"].replace(".", "")


def _without_dots(text: str) -> str:
    """The text with abbreviations that would end a sentence written without their dots, look-alikes or not."""
    plain, out, at = text.translate(_LOOKALIKES), [], 0  # one letter for one: positions stay
    for match in _ABBREVIATION.finditer(plain):
        out += [text[at : match.start()], _undot(match)]
        at = match.end()
    return "".join([*out, text[at:]]) if at else text


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text in order. Line breaks do not end one: wrapping must not matter."""
    text = _GERMAN_DATE.sub(r"\1", _without_dots(clean(text)))
    out = []
    for whole in _STOP.split(text):
        for piece in _pieces(whole):
            folded = _fold(piece)
            if folded:
                out.append(Sentence(piece.strip(), folded))
    return tuple(out)
