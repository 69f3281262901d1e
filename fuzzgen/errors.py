"""Everything that fuzzgen raises on purpose. Each message says what was wrong, where, and the fix.

FuzzgenError                      exit code
├── UsageError                    2   a wrong word on the command line or in a call
│   ├── UnknownName               2   an id or name that is not there; names the nearest ones
│   ├── InputError                2   a file that cannot be used: file, line, fix
│   │   ├── GrammarError          2   a grammar that cannot be used
│   │   ├── TemplateError         2   a template that cannot be rendered
│   │   └── ScenarioError         2   a scenario file that is not one
│   ├── TargetError               2   a target that cannot be called as it is configured (name, key, protocol)
│   └── QueryError                2   SQL that does not run or is not allowed
├── ServiceError                  3
│   ├── ProviderError             3   the model's provider does not answer
│   └── StorageError              3   disk or database: full, locked, of a newer version, not ours
└── CapReached                    4   dollars, tokens, time or a budget ended it before the question was answered

Stop (not an error)                   raised by an oracle: the caller's clock, purse or Ctrl-C ends the search
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

__all__ = [
    "CapReached",
    "FuzzgenError",
    "GrammarError",
    "InputError",
    "ProviderError",
    "QueryError",
    "ScenarioError",
    "ServiceError",
    "Stop",
    "StorageError",
    "TargetError",
    "TemplateError",
    "UnknownName",
    "UsageError",
    "nearest",
]


class FuzzgenError(Exception):
    """Base of all errors that a user can mend. `fix` says how; `exit_code` is the command line's."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, fix: str = "") -> None:
        self.message = message
        self.fix = fix
        super().__init__(f"{message} ({fix})" if fix else message)


class UsageError(FuzzgenError):
    """What was asked for cannot be done as asked."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that is not there. Carries the nearest ones that are."""

    def __init__(self, what: str, name: str, known: Iterable[str], *, fix: str = "") -> None:
        close = nearest(name, known)
        if not fix:
            fix = f"did you mean {' or '.join(close)}?" if close else "list what there is first"
        super().__init__(f"there is no {what} {name!r}", fix=fix)


class InputError(UsageError):
    """A file that cannot be used: says file and line before the message."""

    def __init__(self, message: str, *, fix: str = "", file: Path | str | None = None, line: int | None = None) -> None:
        self.file = None if file is None else Path(file)
        self.line = line
        place = f"{self.file}:{line}: " if self.file and line else f"{self.file}: " if self.file else ""
        super().__init__(place + message, fix=fix)


class GrammarError(InputError):
    """A grammar that cannot be used."""


class TemplateError(InputError):
    """A template that cannot be rendered, or is not allowed to do what it tries."""


class ScenarioError(InputError):
    """A file or text that is not a valid scenario."""


class TargetError(UsageError):
    """A target that cannot be called as configured: wrong name, missing key or extra."""


class QueryError(UsageError):
    """SQL that does not parse, names what is not there, or tries what is locked down."""


class ServiceError(FuzzgenError):
    """Something outside fuzzgen failed."""


class ProviderError(ServiceError):
    """The provider of a model did not give a usable answer after all retries."""


class StorageError(ServiceError):
    """Journal or database cannot be read or written."""


class CapReached(FuzzgenError):
    """A cap ended the work before its question was answered; what was found so far is kept."""

    exit_code = 4


class Stop(Exception):
    """Raised by an oracle to end a search early; the best form so far is returned."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names closest to `name`, best first; prefixes count as close."""
    known = sorted(set(known))
    starts = [k for k in known if name and k.startswith(name)]
    close = difflib.get_close_matches(name, known, n=count, cutoff=0.5)
    return list(dict.fromkeys(starts + close))[:count]
