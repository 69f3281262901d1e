"""A text as sentences: what a reader takes in one at a time, and what can be left out of it by itself.

A line break ends a sentence, too. Greetings, names and titles are none: too short, or without a full stop. A sentence is
known by a *mark* of its own words, so that it is the same one wherever a rendering puts it.

Chinese puts no spaces between words; there each character counts as a word, and a sentence needs more of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from hashlib import blake2b

__all__ = ["WORD", "less", "mark", "sentences"]

MIN_WORDS = 4
MIN_CHARACTERS = 7
_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])(?![”’」』）])|(?<=[。！？][”’」』）])|\n+")
_CHARACTER = "\u3400-\u9fff"
WORD = re.compile(rf"[{_CHARACTER}]|[^\W{_CHARACTER}]+")
_STOPS = (".", "!", "?", ";", '"', "。", "！", "？", "；", "”", "」")
_QUOTED = ">"


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, what it quotes left out."""
    lines = [line for line in text.split("\n") if not line.startswith(_QUOTED)]
    yield from (s.strip() for s in _END.split("\n".join(lines)) if _is_sentence(s.strip()))


def mark(sentence: str) -> str:
    """Eight hexadecimal digits that stand for a sentence."""
    return blake2b(sentence.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def less(text: str, marks: Collection[str]) -> str:
    """The text without the sentences of these marks; what it quotes stays. A paragraph that loses all is gone."""
    if not marks:
        return text
    kept: list[str] = []
    for line in text.split("\n"):
        left = line if line.startswith(_QUOTED) else _line_less(line, marks)
        if left or not line:
            kept.append(left)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")


def _line_less(line: str, marks: Collection[str]) -> str:
    out, start = "", 0
    for end in [*(found.end() for found in _END.finditer(line)), len(line)]:
        piece = line[start:end]
        out += "" if _is_sentence(piece.strip()) and mark(piece.strip()) in marks else piece
        start = end
    return out.rstrip()


def _is_sentence(text: str) -> bool:
    if not (text.endswith(_STOPS) or text.startswith(("-", "|"))):  # no greeting, no title
        return False
    words = WORD.findall(text)
    return len(words) >= (MIN_CHARACTERS if any("\u3400" <= w <= "\u9fff" for w in words) else MIN_WORDS)
