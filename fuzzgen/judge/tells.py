"""What a distinctive fact looks like in a text: as it stands, its number in digits or words, its words translated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from fuzzgen.judge.hints import month_part, namesakes, riddles, whereabouts
from fuzzgen.judge.numbers import spelled
from fuzzgen.judge.roundly import roughly
from fuzzgen.judge.text import clean, fold, has_word, keeps_words_apart

__all__ = ["BARE", "FAINT", "HINT", "STRONG", "WEAK", "Needle", "dated", "needles"]

_DIGITS = re.compile(r"\d[\d.,' ]*\d|\d")
_DATE = re.compile(r"\d{1,2}\.? [^\W\d]{3,10}|[^\W\d]{3,10} \d{1,2}")
# FAINT: a date, which ordinary mail says all the time; BARE: a short number without what it counts
# HINT: what kind of thing a name is, or the country of a place, which only counts beside another fact
STRONG, WEAK, BARE, FAINT, HINT = 2.0, 1.0, 0.6, 0.5, 0.4


# How a word that is counted may be written, by the form in which it stands in a fact.
_SAME = (
    ("million millions millionen millones", r"milli?o|mio|mill|m|百万|万"),
    ("percent prozent", r"percent|per cent|%|prozent|por ciento|pour cent|百分"),
    ("millimeter", r"milli?m|mm|毫米"),
    ("patents", r"patent|brevet|patente|专利|filing"),
    ("questions", r"question|frage|pregunt|题|问题"),
    ("hours heures stunden horas", r"hour|stunde|hora|heure|小时"),
    ("degrees grad grados degres", r"degree|grad|degre|度"),
    ("januar", "janu|ener|janv"),
    ("march mars", "march|marz|mars"),
    ("june juin", "june|juni|juin"),
    ("august agosto aout", "august|agosto|aout"),
    ("september", "sept"),
)
_UNITS = {word: how for words, how in _SAME for word in words.split()}
_MONTHS = frozenset({
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "januar", "februar", "marz", "mai", "juni", "juli", "oktober", "dezember", "enero", "febrero",
    "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    "janvier", "fevrier", "mars", "avril", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
    "decembre",
})  # fmt: skip


@dataclass(frozen=True)
class Needle:
    """One form of a tell: words as they stand, or (`regex`) a number however it is written."""

    name: str
    weight: float
    words: str = ""
    regex: re.Pattern[str] | None = None

    def found(self, folded: str) -> bool:
        return has_word(self.words, folded) if self.regex is None else self.regex.search(folded) is not None


@lru_cache(maxsize=4096)
def needles(tell: str) -> tuple[Needle, ...]:
    """What a tell looks like in a text: as it stands, its number however grouped, its longer capitalized words."""
    folded = fold(tell)
    if not folded:
        return ()
    digits = [re.sub(r"\D", "", d) for d in _DIGITS.findall(clean(tell))]
    number = max(digits, key=len, default="")
    words = folded.split()
    strong = len(words) > 1 or len(number) >= 3 or (any(c.isdigit() for c in folded) and len(folded) > 3)
    if not keeps_words_apart(folded):
        strong = len(folded) > 2
    weight = (FAINT if _dated(folded) else STRONG) if strong else WEAK
    out = [Needle(clean(tell), weight, folded)]
    if len(words) > 3:  # with a word left out, or a number spelled out
        out += [Needle(clean(tell), STRONG, " ".join(part)) for part in (words[1:], words[:-1])]
    if len(number) >= 4 and set(number) != {"0"}:
        grouped = r"[., ' ]?".join(number)
        out.append(Needle(clean(tell), STRONG, regex=re.compile(rf"(?<!\d){grouped}(?!\d)")))
    units = [w for w in words if not any(c.isdigit() for c in w)]
    if digits and len(number) < 4:
        out += _counted(clean(tell), number, units)
    if len(number) >= 2 and int(number) > 12 and len(number) < 7:
        out += _spelled(clean(tell), number, strong=len(number) >= 4)
    if not number and (others := namesakes(words[0])):
        out.append(Needle(clean(tell), WEAK, regex=re.compile(others)))
    if not number and (hints := riddles(words[0]) or whereabouts(folded)):
        out.append(Needle(clean(tell), HINT, regex=re.compile(hints)))
    out += [Needle(clean(tell), BARE, regex=re.compile(form)) for form in roughly(clean(tell))]
    if not number:
        parts = [w for w in clean(tell).split() if len(words) > 1 and len(w) > 2 and w[:1].isupper()]
        out += [Needle(clean(tell), WEAK, fold(w)) for w in parts if fold(w)]
    return tuple(out)


def _counted(tell: str, number: str, units: Sequence[str]) -> list[Needle]:
    """A small number beside the words it counts, in any order, in digits or spelled out, the words translated or not."""
    how = "|".join([rf"(?<!\d){number}(?!\d)", *(re.escape(s) for s in spelled(int(number)))])
    stems = [u for w in units if (u := _UNITS.get(w, re.escape(w[:4]) if len(w) > 3 else ""))]
    if not stems:
        return []
    unit = "|".join(stems)
    near = (
        rf"(?:{how})\W{{0,3}}(?:\w+\W{{1,3}}){{0,2}}(?:{unit})|(?:{unit})\w*\W{{1,3}}(?:\w+\W{{1,3}}){{0,3}}(?:{how})"
    )
    if any(w in _MONTHS for w in units):
        day, month = int(number), next(_UNITS.get(w, re.escape(w)) for w in units if w in _MONTHS)
        return [Needle(tell, FAINT, regex=re.compile(form)) for form in (near, month_part(day, month))]
    return [Needle(tell, STRONG, regex=re.compile(near))]


def _spelled(tell: str, number: str, *, strong: bool) -> list[Needle]:
    """A number by itself, in digits or words: a long one is hardly chance, a short one only counts beside other facts."""
    words = [Needle(tell, STRONG if strong else BARE, form) for form in spelled(int(number))]
    digits = re.compile(rf"(?<![\d.,]){number}(?![\d]|[.,]\d)")
    return words + ([] if strong else [Needle(tell, BARE, regex=digits)])


def dated(fact: str) -> bool:
    """Whether a fact is no more than a date."""
    return _dated(fold(fact))


def _dated(folded: str) -> bool:
    """A day and a month; "19 patents" and "47 degrees" look alike and are none."""
    return _DATE.fullmatch(folded) is not None and not _MONTHS.isdisjoint(folded.split())
