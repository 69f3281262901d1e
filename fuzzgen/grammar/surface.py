"""Names, dates, amounts and codes: everything about a scenario that is not a causal choice.

All of it follows from one number, so that two scenarios with the same assignment and other numbers are the same situation
under another skin.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from fuzzgen.errors import GrammarError
from fuzzgen.grammar.yaml_file import read_yaml
from fuzzgen.paths import data_dir, data_dirs
from fuzzgen.scenario.workdays import workdays_after

__all__ = ["Surface", "known_businesses"]

RESERVED = ("example.org", "example.com", "example.net")


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    data: dict[str, dict[str, list[str]]] = _read("names.yaml")
    return tuple((tuple(v["given"]), tuple(v["family"])) for _, v in sorted(data.items()))


@lru_cache(maxsize=1)
def _organizations() -> dict[str, Any]:
    data: dict[str, Any] = _read("organizations.yaml")
    for folder in data_dirs("corpora")[1:]:  # lines of business of one's own
        own = folder / "organizations.yaml"
        if own.is_file():
            data["businesses"] |= _own_businesses(own)
    return data


def _own_businesses(file: Path) -> dict[str, Any]:
    raw, lines = read_yaml(file)
    kinds = raw.get("businesses") if isinstance(raw, dict) else None
    for name, kind in kinds.items() if isinstance(kinds, dict) else [("businesses", None)]:
        lists = [kind.get("stems"), kind.get("suffixes")] if isinstance(kind, dict) else [None]
        if not all(isinstance(x, list) and x and all(isinstance(word, str) for word in x) for x in lists):
            raise GrammarError(
                f"{name}: lists of words under `stems` and `suffixes` are expected",
                fix="compare with corpora/organizations.yaml",
                file=file,
                line=lines.get(("businesses", name), 1),
            )
    return kinds if isinstance(kinds, dict) else {}


def _read(name: str) -> Any:
    return yaml.load((data_dir("corpora") / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@lru_cache(maxsize=1)
def _outside() -> tuple[str, ...]:
    """The lines of business whose organizations write to others as partners and competitors."""
    return tuple(name for name, kind in sorted(_organizations()["businesses"].items()) if kind.get("outside", True))


@lru_cache(maxsize=4096)
def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l").replace("ı", "i"))
    return "".join(c for c in plain.lower() if c.isascii() and c.isalnum())


def known_businesses() -> tuple[str, ...]:
    """The lines of business that there are organizations for."""
    return tuple(_organizations()["businesses"])


class Surface:
    """Draws surface facts of one scenario; nobody and nothing is drawn twice, nor any name in `avoid`."""

    def __init__(self, seed: int, avoid: Collection[str] = ()) -> None:
        self.rng = Random(seed)
        self._avoid = frozenset(avoid)
        self._taken = set(avoid)
        data = _organizations()
        self.city: dict[str, Any] = self.rng.choice([c for c in data["cities"] if c["name"] not in self._avoid])
        start = datetime(2026, 1, 5) + timedelta(days=self.rng.randrange(700))
        day = workdays_after(start, 1)
        self.now = day.replace(hour=self.rng.randrange(10, 15), minute=self.rng.randrange(60))

    def pick(self, items: Any) -> Any:
        """One of a sequence."""
        return items[int(self.rng.random() * len(items))]

    def name(self) -> tuple[str, str]:
        """Given and family name of somebody new. Four in five share a culture within themselves."""
        names = _names()
        while True:
            given, family = self.pick(names)
            if self.rng.random() < 0.2:
                family = self.pick(names)[1]
            first, last = self.pick(given), self.pick(family)
            if first not in self._taken and last not in self._taken and first != last:
                self._taken |= {first, last}
                return first, last

    def address(self, given: str, family: str, domain: str) -> str:
        return f"{_ascii(given)}.{_ascii(family)}@{domain}"

    def organization(self, business: str) -> tuple[str, str]:
        """Name and domain of a new organization in this line of business."""
        kind = _organizations()["businesses"][business]
        stem = self._new(kind["stems"])
        return f"{stem} {self.pick(kind['suffixes'])}", f"{_ascii(stem)}.{self.pick(RESERVED)}"

    def other_business(self, business: str) -> str:
        return str(self.pick([b for b in _outside() if b != business]))

    def agent(self) -> str:
        return str(self.pick([name for name in _organizations()["agents"] if name not in self._avoid]))

    def value(self, kind: str, pace: str) -> str:
        """A surface fact of a kind that grammars know; `pace` (hours, days, weeks) says how far off a date lies."""
        rng = self.rng
        match kind:
            case "name":
                return " ".join(self.name())
            case "city":
                while (city := str(self.pick(_organizations()["cities"])["name"])) == self.city["name"]:
                    pass
                return city
            case "money":
                return f"{rng.randrange(12, 480) * 100 + rng.randrange(1, 99):,}"
            case "code":
                return f"{rng.choice('BCDFGHKLMNPRTVWX')}{rng.choice('BCDFGHKLMNPRTVWX')}-{rng.randrange(1000, 9999)}"
            case "alert":
                return f"ALERT-{rng.randrange(10000, 99999)}"
            case "room":
                return f"{rng.choice('ABCDEF')}{rng.randrange(1, 6)}.{rng.randrange(1, 40):02d}"
            case "product":
                return self._new(_organizations()["products"])
            case _ if kind.startswith("pattern:"):
                return "".join(self._sign(c) for c in kind.removeprefix("pattern:"))
            case "date":
                return self._date(pace).isoformat(timespec="minutes")
            case _:
                raise ValueError(f"no surface fact of the kind {kind!r}")

    def _new(self, names: list[str]) -> str:
        """One of these names that was not drawn before; with a number where they are used up."""
        name = str(self.pick(names))
        if name in self._taken:
            free = [n for n in names if n not in self._taken]
            name = str(self.pick(free)) if free else name
        stem, number = name, 2
        while name in self._taken:
            name, number = f"{stem} {number}", number + 1
        self._taken.add(name)
        return name

    def _sign(self, sign: str) -> str:
        """A sign of a pattern: `#` is a digit, `@` a capital letter, any other stands for itself."""
        match sign:
            case "#":
                return str(self.rng.randrange(1, 10))
            case "@":
                return str(self.rng.choice("BCDFGHKLMNPRTVWX"))
            case _:
                return sign

    def _date(self, pace: str) -> datetime:
        if pace == "hours":
            return self.now.replace(hour=self.rng.randrange(self.now.hour + 2, 19), minute=self.rng.choice((0, 30)))
        days = self.rng.randrange(2, 5) if pace == "days" else self.rng.randrange(10, 25)
        return workdays_after(self.now, days).replace(hour=self.rng.randrange(8, 18), minute=0)
