"""What an import gives: scenarios with their names, and what was left out and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from fuzzgen.errors import ScenarioError
from fuzzgen.scenario.model import Provenance, Scenario
from fuzzgen.scenario.verbatim import system_text, user_text

__all__ = ["Import", "Imported", "Left", "unfilled"]

MOST_SCENARIOS = 100_000  # of one import
MOST_TEXT = 200_000_000  # characters of them all
_HOLE = re.compile(r"\$\{\w*\}?|\{\{\s*\w+\s*\}\}|\{%")


@dataclass(frozen=True)
class Left:
    """Something that was not passed on: `why` is duplicate, placeholder or malformed."""

    why: str
    name: str
    message: str
    file: Path
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.message}"


@dataclass(frozen=True)
class Imported:
    """A scenario with its name."""

    name: str
    scenario: Scenario


@dataclass
class Import:
    """All that a reader found. `notes` say what the user should know about all of it."""

    format: str
    source: str
    license: str
    scenarios: list[Imported] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _seen: dict[tuple[str, str], str] = field(default_factory=dict)
    _size: int = 0

    def add(self, scenario: Scenario, name: str, file: Path, line: int | None = None) -> None:
        """Takes a scenario, unless its text has holes or was there before.

        Raises ScenarioError where the import grows beyond bounds.
        """
        texts = (system_text(scenario), user_text(scenario))
        if not _whole(name, scenario.language, *texts):
            self.left.append(Left("malformed", name, "half a surrogate pair, which no file can hold", file, line))
        elif holes := unfilled("\n".join(texts)):
            words = f"{name}: {', '.join(holes[:3])} {'is' if len(holes) == 1 else 'are'} not filled"
            self.left.append(Left("placeholder", name, words, file, line))
        elif (first := self._seen.get(texts)) is not None:
            self.left.append(Left("duplicate", name, f"{name} is the same text as {first}", file, line))
        else:
            self._size += sum(map(len, texts))
            if len(self.scenarios) == MOST_SCENARIOS or self._size > MOST_TEXT:
                message = f"more than {MOST_SCENARIOS:,} scenarios or {MOST_TEXT:,} characters"
                raise ScenarioError(message, fix="import it in parts", file=file, line=line)
            self._seen[texts] = name
            origin = Provenance(origin="imported", source=f"{self.source} {name}".strip(), license=self.license)
            self.scenarios.append(Imported(name, scenario.model_copy(update={"provenance": origin})))

    def count(self, why: str) -> int:
        """How many were left out for a reason."""
        return sum(left.why == why for left in self.left)


def _whole(*texts: str) -> bool:
    """Whether a file can hold these texts."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def unfilled(text: str) -> list[str]:
    """The placeholders that are left in a text, each once."""
    return list(dict.fromkeys(found.group() for found in _HOLE.finditer(text)))
