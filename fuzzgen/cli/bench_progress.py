"""What the benchmarks share: how far one is and how long it will take, and whether a picture can be drawn at its end."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

from fuzzgen.errors import UsageError

__all__ = ["paced", "require_plots"]

T = TypeVar("T")
SECONDS = 5


def paced(results: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Passes results on; says on stderr every few seconds how far it is and how long it will take."""
    begun = said = time.monotonic()
    for number, result in enumerate(results, 1):
        now = time.monotonic()
        if now - said >= SECONDS and number < total:
            left = (now - begun) / number * (total - number)
            click.echo(f"{number} of {total} {what}, about {left:.0f} s left", err=True)
            said = now
        yield result


def require_plots() -> None:
    """Raises UsageError where --plot could not be kept, before anything is measured."""
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("--plot needs matplotlib, which is not installed", fix="pip install 'fuzzgen[bench]'")
