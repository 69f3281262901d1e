"""Numbers as people write them: 61 is sixty-one, einundsechzig, sesenta y uno, soixante et un, 六十一.

Only what facts in texts need: whole numbers up to 99 in the languages that are judged, in folded form.
"""

from __future__ import annotations

from functools import lru_cache

__all__ = ["spelled"]

_EN = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_EN_TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_DE = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "funf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwolf",
    "dreizehn",
    "vierzehn",
    "funfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
]
_DE_TENS = ["-", "-", "zwanzig", "dreissig", "vierzig", "funfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
_ES = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciseis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
]
_ES_TENS = ["-", "-", "veinte", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
_FR = [
    *[
        "zero",
        "un",
        "deux",
        "trois",
        "quatre",
        "cinq",
        "six",
        "sept",
        "huit",
        "neuf",
        "dix",
        "onze",
        "douze",
        "treize",
        "quatorze",
        "quinze",
        "seize",
    ],
    "dix sept",
    "dix huit",
    "dix neuf",
]
_FR_TENS = ["-", "-", "vingt", "trente", "quarante", "cinquante", "soixante"]
_ZH = "零一二三四五六七八九"


@lru_cache(maxsize=256)
def spelled(number: int) -> tuple[str, ...]:
    """The number in words of each language, folded; nothing for numbers that are not in 0..99."""
    if not 0 <= number <= 99:
        return ()
    tens, ones = divmod(number, 10)
    words = [_en(number), _de(number, tens, ones), _es(number, tens, ones), _fr(number), _zh(tens, ones)]
    return tuple(dict.fromkeys(words))


def _en(number: int) -> str:
    if number < 20:
        return _EN[number]
    tens, ones = divmod(number, 10)
    return f"{_EN_TENS[tens]} {_EN[ones]}" if ones else _EN_TENS[tens]


def _de(number: int, tens: int, ones: int) -> str:
    if number < 20:
        return _DE[number]
    one = "ein" if ones == 1 else _DE[ones]
    return f"{one}und{_DE_TENS[tens]}" if ones else _DE_TENS[tens]


def _es(number: int, tens: int, ones: int) -> str:
    if number <= 20:
        return _ES[number]
    if number < 30:
        return f"veinti{_ES[ones]}"
    return f"{_ES_TENS[tens]} y {_ES[ones]}" if ones else _ES_TENS[tens]


def _fr(number: int) -> str:
    tens, ones = divmod(number, 10)
    if number < 20:
        return _FR[number]
    if tens in (7, 9):
        base, rest = ("soixante", 10 + ones) if tens == 7 else ("quatre vingt", 10 + ones)
        return f"{base}{' et' if number == 71 else ''} {_FR[rest]}"
    base = "quatre vingt" if tens == 8 else _FR_TENS[tens]
    if not ones:
        return base
    return f"{base}{' et' if ones == 1 and tens != 8 else ''} {_FR[ones]}"


def _zh(tens: int, ones: int) -> str:
    head = "" if not tens else "十" if tens == 1 else f"{_ZH[tens]}十"
    return f"{head}{_ZH[ones] if ones or not tens else ''}"
