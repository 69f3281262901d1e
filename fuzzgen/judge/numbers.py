"""Numbers as people write them: 61 is sixty-one, einundsechzig, sesenta y uno, soixante et un, 六十一.

Only what facts in texts need: whole numbers below a million in the languages that are judged, in folded form.
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


@lru_cache(maxsize=1024)
def spelled(number: int) -> tuple[str, ...]:
    """The number in words of each language, folded; nothing for numbers that are not in 0..999,999."""
    if not 0 <= number <= 999_999:
        return ()
    if number < 100:
        tens, ones = divmod(number, 10)
        words = [_en(number), _de(number, tens, ones), _es(number, tens, ones), _fr(number), _zh(tens, ones)]
        return tuple(dict.fromkeys(words))
    thousands, rest = divmod(number, 1000)
    forms = [f for how in _LARGE for f in how(thousands, rest)]
    return tuple(dict.fromkeys(f for f in forms if f))


def _below(number: int, language: int) -> str:
    tens, ones = divmod(number, 10)
    return (_en(number), _de(number, tens, ones), _es(number, tens, ones), _fr(number), _zh(tens, ones))[language]


def _large_en(thousands: int, rest: int) -> list[str]:
    def hundreds(n: int, joint: str) -> str:
        head = f"{_EN[n // 100]} hundred" if n >= 100 else ""
        tail = _below(n % 100, 0) if n % 100 else ""
        return joint.join(p for p in (head, tail) if p)

    out = []
    for joint in (" and ", " "):
        head = f"{hundreds(thousands, joint)} thousand" if thousands else ""
        out.append(" ".join(p for p in (head, hundreds(rest, joint)) if p))
    if rest == 500 and thousands:
        out.append(f"{hundreds(thousands, ' ')} and a half thousand")
    if 10 < (total := thousands * 10 + rest // 100) < 100 and not rest % 100 and total % 10:
        out.append(f"{_en(total)} hundred")
    return out


def _large_de(thousands: int, rest: int) -> list[str]:
    def hundreds(n: int, end: bool) -> str:
        head = f"{'ein' if n // 100 == 1 else _DE[n // 100]}hundert" if n >= 100 else ""
        tail = _below(n % 100, 1) if n % 100 else ""
        return head + ("ein" if tail == "eins" and not end else tail)

    return [(f"{hundreds(thousands, False)}tausend" if thousands else "") + (hundreds(rest, True) if rest else "")]


_ES_HUNDREDS = [
    "-",
    "ciento",
    "doscient",
    "trescient",
    "cuatrocient",
    "quinient",
    "seiscient",
    "setecient",
    "ochocient",
    "novecient",
]


def _large_es(thousands: int, rest: int) -> list[str]:
    def hundreds(n: int, gender: str) -> str:
        if n == 100:
            return "cien"
        head = _ES_HUNDREDS[n // 100] + (f"{gender}s" if n >= 200 else "") if n >= 100 else ""
        return " ".join(p for p in (head, _below(n % 100, 2) if n % 100 else "") if p)

    out = []
    for gender in "oa":
        head = ("mil" if thousands == 1 else f"{hundreds(thousands, gender)} mil") if thousands else ""
        out.append(" ".join(p for p in (head, hundreds(rest, gender)) if p))
    return out


def _large_fr(thousands: int, rest: int) -> list[str]:
    def hundreds(n: int) -> str:
        head = "cent" if 100 <= n < 200 else f"{_FR[n // 100]} cent" if n >= 100 else ""
        if n >= 200 and not n % 100:
            head += "s"
        return " ".join(p for p in (head, _below(n % 100, 3) if n % 100 else "") if p)

    head = ("mille" if thousands == 1 else f"{hundreds(thousands)} mille") if thousands else ""
    return [" ".join(p for p in (head, hundreds(rest)) if p)]


def _large_zh(thousands: int, rest: int) -> list[str]:
    digits, out, gap = str(thousands * 1000 + rest), "", False
    for at, digit in enumerate(digits):
        place = len(digits) - 1 - at
        if digit == "0":
            gap = bool(out)
        else:
            out += ("零" if gap else "") + _ZH[int(digit)] + ("", "十", "百", "千", "万", "十")[place]
            gap = False
        if place == 5 and digits[1] == "0":
            out += "万"
    return [out]


_LARGE = (_large_en, _large_de, _large_es, _large_fr, _large_zh)


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
