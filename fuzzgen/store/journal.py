"""The journal of a run: one JSON line for each event, on disk before anything rests on it.

Writers that arrive together share one flush and fsync, so that dozens of episodes in flight cost one disk turn. A torn
last line, left by a crash, is cut off when the journal is opened again; nothing that was acknowledged can be in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, TypeVar

from pydantic import ValidationError

from fuzzgen.errors import StorageError, UnknownName
from fuzzgen.scenario.events import AnyEvent, RunEvent, event_from_json

__all__ = ["Journal", "find_journal", "journal_path", "read_journal"]

Written = TypeVar("Written", bound=RunEvent)


def journals_of(db: Path) -> Path:
    """The folder of the journals beside a database."""
    return db.with_suffix(".runs")


def journal_path(db: Path, run_id: str) -> Path:
    """Where the journal of a run lies."""
    return journals_of(db) / f"{run_id}.jsonl"


def find_journal(db: Path, run: str) -> Path:
    """The journal of the run with this id or unique prefix ("last": the newest). Raises UnknownName."""
    known = {p.stem: p for p in sorted(journals_of(db).glob("*.jsonl"))}
    if run == "last" and known:
        return known[max(known)]
    matches = [name for name in known if name.startswith(run)]
    if len(matches) != 1 or not run:
        raise UnknownName("run", run, known, fix="" if known else f"no journals in {journals_of(db)}")
    return known[matches[0]]


def _trouble(path: Path, error: OSError) -> StorageError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    fix = "free some disk space, then `fuzzgen resume`" if full else "check the folder's permissions"
    return StorageError(f"cannot write {path}: {error.strerror}", fix=fix)


class Journal:
    """Appends events. A context manager; one process at a time.

    After a failed write it takes nothing more: what follows would rest on what is not there. A resume goes on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seq = 0
        self._file: IO[bytes] | None = None
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._failure: OSError | None = None

    def __enter__(self) -> Journal:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageError(f"another process is writing {self.path}", fix="wait for it, or stop it") from None
        except OSError as error:
            raise _trouble(self.path, error) from None
        self.seq = self._mend()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _mend(self) -> int:
        """Cuts off a torn last line; the number of whole ones."""
        assert self._file
        lines = whole = 0
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                lines += 1
                whole += len(line)
        os.ftruncate(self._file.fileno(), whole)
        return lines

    async def write(self, event: Written) -> Written:
        """The event with its number and time, once it is on disk. Raises StorageError."""
        self.seq += 1
        event = event.model_copy(update={"seq": self.seq, "at": datetime.now(UTC).isoformat(timespec="milliseconds")})
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((event.model_dump_json().encode("utf-8", "backslashreplace") + b"\n", done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await done
        return event

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._to_disk, b"".join(line for line, _ in batch))
            except OSError as error:
                self._failure = error
                for _, done in batch:
                    if not done.done():
                        done.set_exception(_trouble(self.path, error))
                continue
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    def _to_disk(self, data: bytes) -> None:
        if self._failure is not None:
            raise self._failure
        if self._file is None:
            raise OSError(errno.EBADF, "the journal is closed")
        number = self._file.fileno()
        start = os.fstat(number).st_size
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(number, left) :]
            os.fsync(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(number, start)
            raise


def read_journal(path: Path) -> Iterator[AnyEvent]:
    """The events of a journal; a torn last line is passed over. Raises StorageError for one that cannot be read."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield event_from_json(line)
                except ValidationError as error:
                    first = error.errors(include_url=False)[0]
                    raise StorageError(
                        f"{path}:{number}: not an event: {first['msg']}", fix="was it written by another version?"
                    ) from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", fix="check the path") from None
