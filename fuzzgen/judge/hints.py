"""What a distinctive fact may be hinted at by: its translation, what kind of thing its name is, where a place lies.

"A small black bird that dives" hints at Cormorán, "in Portugal" at Lisbon, "in the second week of June" at 8 June. A hint
says little alone; beside another fact it tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from fuzzgen.judge.text import fold, keeps_words_apart

__all__ = ["month_part", "namesakes", "riddles", "whereabouts"]

# The third of a month, as people say it; the seventh day lies in the first of them.
_PARTS = (
    (1, 8, r"early|beginning|start|first|anfang|erste\w*|principios|primer\w*|debut|premier\w*|初|上旬"),
    (8, 15, r"second|zweite\w*|segunda|deuxieme|seconde|中旬"),
    (
        15,
        23,
        r"middle|mid|third|second half|mitte|dritte\w*|mediados|tercera|segunda quincena|mi|troisieme|milieu|中旬",
    ),
    (22, 32, r"late|end|last|fourth|ende|letzte\w*|finales|ultima|fin|derniere|quatrieme|底|下旬"),
)


def _data(name: str) -> Any:
    text = (resources.files("fuzzgen.judge") / name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _words(words: Iterable[str], endings: str = "") -> str:
    """One regular expression of words; `word*` begins so."""
    latin, other = [], []
    for word in words:
        stem = re.escape(fold(word.rstrip("*")))
        if keeps_words_apart(fold(word.rstrip("*"))):
            latin.append(stem + (r"\w*" if word.endswith("*") else endings))
        else:
            other.append(stem)
    return "|".join([*([rf"(?<!\w)(?:{'|'.join(latin)})(?!\w)"] if latin else []), *other])


@lru_cache(maxsize=1)
def _nature() -> Mapping[str, tuple[str, str]]:
    """A name from nature -> all its names in the languages judged, and the hints at its kind, as regular expressions."""
    out: dict[str, tuple[str, str]] = {}
    for kind in _data("namesakes.yaml").values():
        hints = _words(kind["hints"])
        for names in kind["names"]:
            out |= dict.fromkeys((fold(n) for n in names), (_words(names, "(?:s|e|n|en|es)?"), hints))
    return out


@lru_cache(maxsize=1)
def _places() -> Mapping[str, str]:
    return {fold(p): _words(group["called"]) for group in _data("places.yaml") for p in group["places"]}


def namesakes(folded: str) -> str:
    """The names of a thing from nature in all languages; "" where it is none."""
    return _nature().get(folded, ("", ""))[0]


def riddles(folded: str) -> str:
    """Words that hint at the kind of thing from nature that a name is; "" where it is none."""
    return _nature().get(folded, ("", ""))[1]


def whereabouts(folded: str) -> str:
    """The country or region of a place; "" where it is not known."""
    return _places().get(folded, "")


def month_part(day: int, month: str) -> str:
    """Ways to say about when in a month: its first week, the middle, the end. `month`: a regular expression."""
    named = "|".join(words for low, high, words in _PARTS if low <= day < high)
    return rf"(?<!\w)(?:{named})\W+(?:\w+\W+){{0,3}}(?:{month})"
