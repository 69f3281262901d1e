"""An event loop whose clock jumps: `asyncio.sleep` takes no time, and the makespan of a run can be read afterwards."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["VirtualClock", "run_virtually"]

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting for the next timer it moves the clock there."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout is not None else None)
        if not ready and timeout:
            self.now += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, selector: _Jumping) -> None:
        self._jumping = selector
        super().__init__(selector)

    def time(self) -> float:
        return self._jumping.now


class VirtualClock:
    """Runs coroutines one after another on one clock. `now` is in virtual seconds."""

    def __init__(self) -> None:
        self._loop = _Loop(_Jumping())

    @property
    def now(self) -> float:
        return self._loop.time()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        self._loop.close()


def run_virtually(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Runs a coroutine; returns its result and how many virtual seconds it took."""
    clock = VirtualClock()
    try:
        return clock.run(work), clock.now
    finally:
        clock.close()
