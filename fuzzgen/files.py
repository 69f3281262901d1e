"""Files that people hand over are read here: plain ones of a bearable size, as text.

A pipe may never begin, a device never ends, and a file can grow while it is read; none of them may hold up a command or
fill the memory. Every refusal names the file and the fix.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from fuzzgen.errors import InputError

__all__ = ["LARGEST", "read_input"]

LARGEST = 20_000_000  # bytes


def read_input(
    path: Path, kind: type[InputError] = InputError, *, most: int = LARGEST, shown: Path | None = None
) -> str:
    """The text of a regular file in UTF-8; links are followed, a byte order mark is left out, lines end in `\n`.

    Raises `kind` for what is no such file, for one of more than `most` bytes, and for one that cannot be read. `shown` is
    the path in the message.
    """
    shown = shown or path
    try:
        data = _plain_bytes(path, most)
    except OSError as error:
        raise kind(f"cannot be read: {error.strerror}", fix="check the path", file=shown) from None
    if data is None:
        raise kind("this is no regular file", fix="give a plain file", file=shown)
    if len(data) > most:
        raise kind(f"the file is larger than {most:,} bytes", fix="split it", file=shown)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise kind("this is not text in UTF-8", fix="save it as UTF-8", file=shown, line=line) from None


def _plain_bytes(path: Path, most: int) -> bytes | None:
    """At most one byte more than `most`; None for a pipe, a device, a folder. Raises OSError."""
    if not stat.S_ISREG(path.stat().st_mode):
        return None
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # another may stand there by now: never wait
    with os.fdopen(number, "rb") as file:
        return file.read(most + 1) if stat.S_ISREG(os.fstat(number).st_mode) else None
