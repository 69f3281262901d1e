"""Exit codes. They are a stable interface; scripts rest on them."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Exit"]


class Exit(IntEnum):
    """What a command says to its caller."""

    NOTHING_FOUND = 0
    FINDINGS = 1
    USAGE = 2
    SERVICE = 3  # provider or storage
    CAP = 4  # dollars, tokens or time ended it before the question was answered
    DEFECT = 70
    INTERRUPTED = 130
