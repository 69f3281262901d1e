"""What the tests of the command line share: what a command leaves behind, and text that no terminal should obey."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["HOSTILE", "Done", "Run"]

# What a terminal would obey: clear the screen, set the title, one-byte escapes, reversed writing, a bell.
HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\u2066red\x08\x7f"


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]
