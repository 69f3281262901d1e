"""What a template can hold in its hands: records, helpers, filters and tests, none of which grows without bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from jinja2.exceptions import SecurityError
from jinja2.runtime import Undefined

__all__ = ["FILTERS", "MAX_BITS", "MAX_TEXT", "TESTS", "Helper", "View", "as_text", "sized"]

MAX_TEXT = 50_000  # characters of a text, items of a list
MAX_BITS = 256  # of a whole number


class View:
    """A read-only record as templates see it. What it does not have is undefined, and using that is an error."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = dict(fields)

    def get(self, name: str) -> object:
        """The field, or None. For Python; templates cannot call it."""
        return self._fields.get(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash(tuple(self._fields))


class Helper:
    """A function that templates may call. Nothing else can be called."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def __call__(self, *args: object) -> object:
        return self._function(*args)


def sized(value: object) -> object:
    """The value, where it is of a size that may be kept."""
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise SecurityError("a number grows too large")
    if isinstance(value, (str, tuple, list)) and len(value) > MAX_TEXT:
        raise SecurityError("a value grows too large")
    return value


def as_text(value: object) -> str:
    """The text of a text or whole number; anything else has none."""
    if isinstance(value, Undefined):
        str(value)  # raises, naming what is undefined
    if not isinstance(value, (str, int)):
        raise SecurityError(f"a {type(value).__name__.lower()} is no text")
    return str(sized(value))


def _join(values: Iterable[object], between: str = ", ", last: str | None = None) -> str:
    texts = [as_text(v) for v in values]
    if sum(map(len, texts)) + len(texts) * (len(between) + len(last or "")) > MAX_TEXT:
        raise SecurityError("a value grows too large")
    if last is not None and len(texts) > 1:
        texts[-2:] = [f"{texts[-2]}{last}{texts[-1]}"]
    return between.join(texts)


FILTERS: dict[str, Callable[..., object]] = {
    "cap": lambda value: as_text(value)[:1].upper() + as_text(value)[1:],
    "first": lambda values: values[0],
    "join": _join,
    "last": lambda values: values[-1],
    "length": len,
    "lower": lambda value: as_text(value).lower(),
    "upper": lambda value: as_text(value).upper(),
}
TESTS: dict[str, Callable[..., bool]] = {
    "defined": lambda value: not isinstance(value, Undefined),
    "undefined": lambda value: isinstance(value, Undefined),
    "none": lambda value: value is None,
}
