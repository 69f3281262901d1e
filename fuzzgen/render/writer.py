"""Runs one template for one text: gives it its values and helpers, and composes what comes out.

Helpers that templates may call:

    one_of(a, b, …)           one of the wordings; with a single list, one of its items
    shared(name, list)        the same item in every text of the scenario that asks by this name
    number(low, high[, step]) money(low, high) clock() code(prefix)     facts without consequence
    day(n[, pattern])         the day n working days after writing
    when(iso)                 a moment: `.words`, `.date`, `.time`, `.weekday`, `.today`
    part(name, …)             another template of parts/, its names joined by `_`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from jinja2.exceptions import SecurityError

from fuzzgen.render.calendar import Calendar
from fuzzgen.render.sandbox import TRACELESS
from fuzzgen.render.text import compose
from fuzzgen.render.values import Helper, View
from fuzzgen.render.views import Views
from fuzzgen.render.wording import Wording, draw

__all__ = ["write"]

MAX_DEPTH = 4
LETTERS = "BCDFGHKLMNPRSTVWXZ"


def _whole(value: object, low: int = -(10**9), high: int = 10**9) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise SecurityError(f"a whole number from {low} to {high} is expected, not {str(value)[:20]!r}")
    return value


def _tuple(value: object) -> tuple[object, ...]:
    if not isinstance(value, tuple) or not value:
        raise SecurityError("a list that is not empty is expected")
    return value


def write(
    views: Views,
    template: str,
    values: Mapping[str, object],
    *,
    key: str,
    written: datetime,
    terse: bool = False,
    stays: Callable[[str], bool] = lambda part: True,
) -> str:
    """The text of a template ("artifacts/minutes"). `key` selects its wordings. Raises TemplateError.

    `stays` is asked for each part that the text has by the part's name; where it says no, the part is left out.
    """
    language, wording = views.language, Wording(key, terse=terse)
    calendar = Calendar(language.words, written)
    spent = [0, 0]
    depth = 0

    def one_of(*options: object) -> object:
        return wording.one_of(_tuple(options[0]) if len(options) == 1 else _tuple(options))

    def shared(name: object, options: object) -> object:
        items = _tuple(options)
        return items[draw(f"{views.key}/{name}", len(items))]

    def money(low: object, high: object) -> str:
        return language.number(wording.number(_whole(low), _whole(high)))

    def clock() -> str:
        return f"{wording.number(8, 17):02d}:{wording.number(0, 45, 15):02d}"

    def code(prefix: object) -> str:
        return f"{prefix}-{wording.number(1000, 9999)}"

    def day(days: object, pattern: object = "date") -> str:
        return calendar.workday(_whole(days, -60, 60), str(pattern))

    def when(iso: object) -> View:
        return calendar.when(str(iso))

    def number(low: object, high: object, step: object = 1) -> int:
        return wording.number(_whole(low), _whole(high), _whole(step, 1))

    def part(*names: object) -> str:
        nonlocal depth
        name = "_".join(str(n) for n in names)
        if not stays(name):
            return TRACELESS
        if depth >= MAX_DEPTH:
            raise SecurityError(f"parts are nested more than {MAX_DEPTH} deep")
        depth += 1
        text = language.program(f"parts/{name}").run(everything, spent)
        depth -= 1
        return text.rstrip("\n" + TRACELESS)

    helpers: dict[str, Callable[..., object]] = {
        "one_of": one_of, "shared": shared, "number": number, "money": money, "clock": clock, "code": code, "day": day,
        "when": when, "part": part,
        "_chosen": wording.chosen, "_maybe": wording.maybe, "_more": lambda place: not wording.terse,
    }  # fmt: skip
    everything: dict[str, object] = {**views.frame(), **values, "terse": terse}
    everything |= {name: Helper(function) for name, function in helpers.items()}
    return compose(language.program(template).run(everything, spent))
