"""What goes on beside a run, whatever it does: the database is fed, and Ctrl-C is minded.

The database is a projection that trails the journal by a second or two and takes its lock in short turns; if it cannot be
written the run goes on, since the journal has everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Protocol

from fuzzgen.errors import StorageError
from fuzzgen.scenario.events import AnyEvent
from fuzzgen.store.ingest import Projector

__all__ = ["Feed", "Stoppable", "fed", "interrupts"]

INGEST_SECONDS = 2.0


class Stoppable(Protocol):
    """A run, as Ctrl-C sees it."""

    @property
    def stopping(self) -> bool: ...

    def stop(self) -> None:
        """Begins nothing more; what is in flight is waited for and kept."""
        ...

    def kill(self) -> None:
        """Cancels what is in flight."""
        ...


class Feed:
    """Carries the events in `waiting` into the database, in batches and off the event loop.

    Whoever reads the database meanwhile holds `turn`. `problems` says what kept the last `behind` events out of it.
    """

    def __init__(self, projector: Projector) -> None:
        self.projector = projector
        self.waiting: list[AnyEvent] = []
        self.turn = asyncio.Lock()
        self.problems: list[str] = []
        self.behind = 0

    async def keep_up(self) -> None:
        while True:
            await asyncio.sleep(INGEST_SECONDS)
            await self.flush()

    async def flush(self, *, patience: bool = False) -> None:
        async with self.turn:
            batch, self.waiting = self.waiting, []
            if not batch:
                return
            turn = asyncio.ensure_future(asyncio.to_thread(self.projector.ingest, batch))
            try:
                await asyncio.shield(turn)
            except asyncio.CancelledError:
                await asyncio.wait([turn])  # a turn that has begun is waited for: another beside it would lose rows
                if turn.exception() is not None:
                    self.waiting = batch + self.waiting
                raise
            except StorageError as error:
                self.waiting = batch + self.waiting
                if patience:
                    self.problems.append(str(error))
                    self.behind = len(self.waiting)


@contextlib.asynccontextmanager
async def fed(projector: Projector) -> AsyncIterator[Feed]:
    """A feed that keeps up by itself, and takes in the rest when it is left."""
    feed = Feed(projector)
    feeding = asyncio.create_task(feed.keep_up())
    try:
        yield feed
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        await feed.flush(patience=True)


@contextlib.contextmanager
def interrupts(run: Stoppable, notice: Callable[[str], None]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM drains the run, the second ends it at once."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if run.stopping:
            run.kill()
        else:
            run.stop()
            notice("Stopping: what is in flight is waited for and kept. Once more stops at once.")

    try:
        before = {s: signal.signal(s, on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: whoever is there minds the signals
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
