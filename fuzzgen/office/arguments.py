"""Arguments of a tool call as a model wrote them: anything at all becomes words and lists of words, within bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

__all__ = ["address_of", "flat", "parse", "words"]

MAX_TEXT = 100_000
MAX_ITEMS = 200
_ADDRESS = re.compile(r"<\s*([^<>\s]{1,200})\s*>")
_SPLIT = re.compile(r"[,;\n]+")


def parse(raw: str) -> dict[str, object] | None:
    """The JSON object in `raw`; None where it is not one. An empty text is an empty object."""
    if not raw.strip():
        return {}
    if len(raw) > 4 * MAX_TEXT:
        return None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def flat(value: object) -> str:
    """A value as text that any file can hold, cut to 100,000 characters; "" for what is nested too deep."""
    try:
        text = _joined(value)
    except (ValueError, RecursionError):
        return ""
    return _whole(text[:MAX_TEXT])


def _joined(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_joined(v) for v in value[:MAX_ITEMS])[:MAX_TEXT]
    return json.dumps(value, ensure_ascii=False)


def _whole(text: str) -> str:
    """Half a surrogate pair, which JSON can carry and no file can, becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def words(arguments: Mapping[str, object], name: str) -> list[str]:
    """A list of words: a JSON list, or one text split at commas, semicolons and line breaks."""
    value = arguments.get(name)
    parts = [flat(v) for v in value[:MAX_ITEMS]] if isinstance(value, list) else _SPLIT.split(flat(value))
    return [p.strip() for p in parts if p.strip()][:MAX_ITEMS]


def address_of(word: str, directory: Mapping[str, str]) -> str:
    """The address that a name, an address or `Name <address>` stands for, in lower case; "" where it is none."""
    if found := _ADDRESS.search(word[:400]):
        word = found.group(1)
    word = word.strip().strip("'\"").casefold()
    if "@" in word:
        return word if " " not in word else ""
    for name, address in directory.items():
        if name.casefold() == word:
            return address.casefold()
    return ""
