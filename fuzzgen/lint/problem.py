"""One thing that the linter finds: where it stands, what it is, and the fix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fuzzgen.grammar import Grammar

__all__ = ["Problem", "problem_at"]


@dataclass(frozen=True)
class Problem:
    """`kind` is a short word to filter by; `line` counts from 1."""

    kind: str
    message: str
    fix: str
    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} ({self.fix})"


def problem_at(grammar: Grammar, at: tuple[str | int, ...], kind: str, message: str, fix: str) -> Problem:
    """A problem with the value at a path of the grammar's document."""
    while at and at not in grammar.places:
        at = at[:-1]
    file, line = grammar.places.get(at, (grammar.file, 1))
    return Problem(kind, message, fix, file, line)
