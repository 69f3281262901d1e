"""Numbers told without saying them: rounded, as a share of the whole, as a sum to be done, in Roman letters.

"A little over sixty million" tells 61 million, "one part in seven" 14 percent, "drei Zehntel" 0.3, "double your eleven"
22, "two days and four hours" 52 hours.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fuzzgen.judge.numbers import spelled
from fuzzgen.judge.text import fold

__all__ = ["roughly"]

_TENS_ZH = "零一二三四五六七八九"
# A number rounded, with a word that says so: "a little over sixty million" is 61 million.
_ABOUT = (
    r"(?:over|above|under|below|about|around|almost|nearly|roughly|some|just|little|shade|hair|odd|knapp|etwa|rund|gut|gute"
    r"|uber|unter|fast|kaum|mehr als|casi|unos|unas|cerca de|mas de|poco|pelo|encima"
    r"|presque|environ|plus de|pres de|un peu)"
)
_ABOUT_ZH = r"(?:多|约|近|左右|不到|大约|超过)"
_PARTS = {
    3: ("third", "drittel", "tercio", "tiers", "三分之一"), 4: ("quarter", "viertel", "cuarto", "quart", "四分之一"),
    5: ("fifth", "funftel", "quinto", "cinquieme", "五分之一"), 6: ("sixth", "sechstel", "sexto", "sixieme", "六分之一"),
    7: ("seventh", "siebtel", "septimo", "septieme", "七分之一"), 8: ("eighth", "achtel", "octavo", "huitieme", "八分之一"),
    9: ("ninth", "neuntel", "noveno", "neuvieme", "九分之一"), 10: ("tenth", "zehntel", "decimo", "dixieme", "十分之一"),
}  # fmt: skip
_SHORT = r"(?:short of|less than|shy of|under|below|weniger als|unter|menos de|menos que|de moins que|sous)"
_THEN = r"(?:followed by|then|plus|gefolgt von|dann|seguido de|mas|suivi de|puis)"
_TWICE = r"(?:(?:doubl|verdoppel|dobl|duplic)\w*|twice|doppelt\w*)"
_HALF = r"(?:half|halfte|mitad|moitie)"
_HOURS = re.compile(r"(?<!\w)(?:hours|stunden|horas|heures)(?!\w)")
DAY, DOZEN = 24, 12
_PERCENT = re.compile(r"(\d{1,2})(?:[.,]\d+)? ?(?:%|percent|per cent|prozent|por ciento|pour cent)", re.IGNORECASE)
_TENTHS = re.compile(r"(?<!\d)0[.,]([1-9])(?!\d)")
_WHOLE = re.compile(r"(?<![\w.,-])(\d{2,4})(?![\d.,]*\d)")


def _any(number: int) -> str:
    return "|".join([rf"(?<!\d){number}(?!\d)", *(re.escape(w) for w in spelled(number))])


def _sums(number: int) -> list[str]:
    """What has to be reckoned: a few short of the next ten, a ten and its ones, hundreds and a dozen, twice, half of."""
    tens, ones = divmod(number, 10)
    out = []
    if short := -number % 10:
        out.append(rf"(?:{_any(short)})\W+(?:\w+\W+)?{_SHORT}\W+(?:{_any(number + short)})")
    if ones and number < 100:
        out.append(rf"(?:{_any(tens * 10)})\W+{_THEN}\W+(?:\w+\W+)?(?:{_any(ones)})")
    if number > 100 and number % 100 == DOZEN:
        out.append(rf"(?:{_any(number - DOZEN)})\W+(?:\w+\W+){{0,2}}(?:dozen|dutzend|docena|douzaine)")
    if not number % 2:
        out.append(rf"{_TWICE}\W+(?:\w+\W+){{0,2}}(?:{_any(number // 2)})")
    out.append(rf"{_HALF}\W+(?:\w+\W+){{0,2}}(?:{_any(number * 2)})")
    return out


@lru_cache(maxsize=1024)
def roughly(fact: str) -> tuple[str, ...]:
    """Regular expressions of ways to tell a fact's number without saying it: rounded, as a share, one short of the next."""
    out: list[str] = []
    if tenths := _TENTHS.search(fact):
        out.append(rf"(?:{_any(int(tenths[1]))}) (?:tenth|zehntel|decima|dixieme)\w*|十分之{_TENS_ZH[int(tenths[1])]}")
        return tuple(out)
    if percent := _PERCENT.search(fact):
        share = int(percent[1])
        for parts, words in _PARTS.items():
            if abs(100 / parts - share) < 0.6:
                named = "|".join(words[:4])
                in_words = (
                    rf"(?:one|1|ein\w*|un\w*)\W+(?:\w+\W+)?(?:in|von|de|sur|out of|aus)\W+(?:\w+\W+)?(?:{_any(parts)})"
                )
                out.append(rf"(?<!\w)(?:{named})(?!\w)|{words[4]}|{in_words}")
        if abs(share - round(share, -1)) <= 1 and round(share, -1):
            out.append(
                rf"(?:{_any(round(share, -1) // 10)})\W+(?:\w+\W+)?(?:out of|of every|in|von|de cada|sur)\W+(?:{_any(10)})"
            )
        out.append(
            rf"(?:{_any(100 - share)})\W+(?:\w+\W+){{0,2}}(?:fewer|less|weniger|menos|moins)" if share > 12 else ""
        )
    if (found := _WHOLE.search(fact)) and int(found[1]) > 12:
        number = int(found[1])
        step = 10 if number < 200 else 100
        for near in {number // step * step, -(-number // step) * step} - {0, number}:
            how = _any(near)
            out.append(
                rf"{_ABOUT}\W+(?:\w+\W+){{0,2}}(?:{how})|(?:{how})\W+(?:\w+\W+){{0,1}}{_ABOUT}|(?:{how}){_ABOUT_ZH}"
            )
        out += _sums(number)
        if _HOURS.search(fold(fact)) and number >= DAY:
            out.append(rf"(?:{_any(number // DAY)})\W+(?:\w+\W+){{0,1}}(?:days?|tage?n?|dias?|jours?)(?!\w)")
        if 12 < number < 90:
            out.append(rf"(?<!\w){_roman(number)}(?!\w)")
    return tuple(form for form in out if form)


def _roman(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx")[tens] + (
        "", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix",
    )[ones]  # fmt: skip
