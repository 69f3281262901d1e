"""The desk that all draws go over: launch order, slots, budget, evidence from before.

Every candidate has a *stream* of draws for each purpose. Outcomes count in the order in which they were launched: a
stream shows only its prefix without gaps. Quick misses that overtake slow hits would otherwise look like evidence.

A policy does not ask for draws one by one. It says what it *wishes* (streams, each with a number of draws to have
been launched), in order of importance; the desk fills the free slots from the front, waits until something arrives,
and lets the policy think again. With one slot this is one draw at a time, with sixty-four it is sixty-four.

There is no clock here. `rounds` counts logical time: a draw launched when the desk's time is t arrives at t + 1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic

from fuzzgen.errors import ProviderError, Stop
from fuzzgen.minimize.interface import C, Observation, Oracle, Phase, trial_of

__all__ = ["MOST", "Counts", "Desk", "Ended", "Purpose", "Stream", "TurnedDeterministic", "Wish"]

MOST = 1_000
"""Replicate numbers of one purpose of one candidate; more draws than that are never made."""


class Purpose(Enum):
    """Why a draw is made. Each has its own phase and block of replicate numbers, so that none serves two ends."""

    REFERENCE = ("reference", "shrink", 100_000)
    SEARCH = ("search", "shrink", 101_000)
    RETENTION = ("retention", "shrink", 102_000)
    SWEEP = ("sweep", "certify", 200_000)
    CONFIRMATION = ("confirmation", "certify", 300_000)

    def __init__(self, label: str, phase: Phase, first: int) -> None:
        self.label = label
        self.phase = phase
        self.first = first


@dataclass(frozen=True, slots=True)
class Counts:
    """What a stream shows: outcomes in launch order up to the first that has not arrived."""

    hits: int = 0
    misses: int = 0
    missing: int = 0

    @property
    def valid(self) -> int:
        return self.hits + self.misses

    @property
    def started(self) -> int:
        return self.hits + self.misses + self.missing

    def plus(self, outcome: bool | None) -> Counts:
        """These and one more outcome."""
        return Counts(self.hits + (outcome is True), self.misses + (outcome is False), self.missing + (outcome is None))


class Ended(Exception):
    """No further draw can be made: the budget is spent, or the oracle raised Stop. `reason` says which."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TurnedDeterministic(Exception):
    """The oracle has found out that it repeats itself."""


_Outcomes = dict[int, bool | None]


@dataclass(eq=False)
class Stream(Generic[C]):
    """The draws of one candidate for one purpose. `attempt` tells the sweeps of a certificate apart."""

    candidate: C
    purpose: Purpose
    attempt: int
    launched: int = 0
    arrived: _Outcomes = field(default_factory=dict)
    ordered: list[bool | None] = field(default_factory=list)
    counts: Counts = Counts()

    def replicate(self, index: int) -> int:
        """The number of its draw `index`, counted from 0."""
        return self.purpose.first + self.attempt * MOST + index

    def receive(self, index: int, outcome: bool | None) -> None:
        self.arrived[index] = outcome
        while len(self.ordered) in self.arrived:
            outcome = self.arrived[len(self.ordered)]
            self.ordered.append(outcome)
            self.counts = self.counts.plus(outcome)


Wish = tuple[Stream[C], int]
"""A stream, and how many draws of it should have been launched."""


@dataclass(frozen=True, slots=True)
class _Flight(Generic[C]):
    stream: Stream[C]
    index: int
    launch: int
    departed: int


class Desk(Generic[C]):
    """Makes the draws. The one place with state about what was asked."""

    def __init__(
        self,
        oracle: Oracle[C],
        *,
        concurrency: int = 1,
        seed: int = 0,
        budget: int | None = None,
        evidence: Iterable[Observation[C]] = (),
    ) -> None:
        self.oracle = oracle
        self.concurrency = concurrency
        self.seed = seed
        self.budget = budget
        self.calls = 0
        self.rounds = 0
        self.spent: dict[str, int] = {}
        self.observations: list[Observation[C]] = list(evidence)
        self._known = {(o.candidate, o.phase, o.replicate): o.outcome for o in self.observations}
        self._first: dict[C, bool] = {}
        for seen in self.observations:
            self._remember(seen)
        self._streams: dict[tuple[C, Purpose, int], Stream[C]] = {}
        self.fingerprint: object = None
        """The latest that the oracle's optional attribute `fingerprint` has said of the provider."""
        self.fingerprints: set[object] = set()
        """All that it has said since a policy emptied this."""
        self._flying: dict[asyncio.Future[bool | None], _Flight[C]] = {}
        self._recalled: list[tuple[_Flight[C], bool | None]] = []
        self._launches = 0
        self._end: str | None = None
        self._heed_determinism = not self.deterministic

    @property
    def deterministic(self) -> bool:
        """Whether the oracle says that it repeats itself."""
        return bool(getattr(self.oracle, "deterministic", False))

    def stream(self, candidate: C, purpose: Purpose, attempt: int = 0) -> Stream[C]:
        """The stream of a candidate for a purpose; always the same object."""
        key = (candidate, purpose, attempt)
        if key not in self._streams:
            self._streams[key] = Stream(candidate, purpose, attempt)
        return self._streams[key]

    def outcome_of(self, candidate: C) -> bool | None:
        """Any recorded outcome of a candidate: all there is to know of it where the oracle is deterministic."""
        return self._first.get(candidate)

    async def advance(self, wishes: Sequence[Wish[C]]) -> None:
        """Launches as many wishes as there are slots, then waits until something has arrived.

        Raises Ended when nothing is under way and nothing more may be launched, TurnedDeterministic once the oracle
        says so, and whatever defect the oracle has.
        """
        self._launch(wishes)
        if self._recalled:
            recalled, self._recalled = self._recalled, []
            for flight, outcome in recalled:
                self._land(flight, outcome, took=0)
        elif self._flying:
            await self._wait()
        elif self._end is None and not self._broke:
            raise RuntimeError("the policy wishes for nothing although it is not done")
        else:
            raise Ended(self._end or "budget")
        if self._end is not None and not self._flying:
            raise Ended(self._end)
        if self._heed_determinism and self.deterministic:
            self._heed_determinism = False
            raise TurnedDeterministic

    async def drain(self) -> None:
        """Waits for what is still under way: it is paid for, and a later call must not ask for it again."""
        while self._flying:
            await self._wait()

    async def close(self) -> None:
        """Drops what is still under way, where something went wrong."""
        flying, self._flying = list(self._flying), {}
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)

    @property
    def _broke(self) -> bool:
        return self.budget is not None and self.calls >= self.budget

    def _launch(self, wishes: Sequence[Wish[C]]) -> None:
        for stream, total in wishes:
            while stream.launched < min(total, MOST):
                if len(self._flying) + len(self._recalled) >= self.concurrency or self._end is not None:
                    return
                if not self._launch_one(stream):
                    return

    def _launch_one(self, stream: Stream[C]) -> bool:
        index, phase = stream.launched, stream.purpose.phase
        replicate = stream.replicate(index)
        flight = _Flight(stream, index, self._launches, self.rounds)
        key = (stream.candidate, phase, replicate)
        if key in self._known:
            self._recalled.append((flight, self._known[key]))
        else:
            if self._broke:
                return False
            trial = trial_of(self.seed, stream.candidate, phase, replicate)
            self._flying[asyncio.ensure_future(self.oracle(stream.candidate, trial))] = flight
            self.calls += 1
        stream.launched += 1
        self._launches += 1
        return True

    async def _wait(self) -> None:
        done, _ = await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        if (said := getattr(self.oracle, "fingerprint", None)) is not None:
            self.fingerprint = said
            self.fingerprints.add(said)
        landed = sorted(((self._flying.pop(task), task) for task in done), key=lambda pair: pair[0].launch)
        for flight, task in landed:
            try:
                outcome = task.result()
            except Stop as stop:
                self._end = f"stopped: {stop}" if str(stop) else "stopped"
                continue
            except (ProviderError, TimeoutError, ConnectionError):
                outcome = None
            replicate = flight.stream.replicate(flight.index)
            seen: Observation[Any] = Observation(
                flight.stream.candidate, flight.stream.purpose.phase, replicate, outcome
            )
            self.observations.append(seen)
            self._known[seen.candidate, seen.phase, replicate] = outcome
            self._remember(seen)
            self._land(flight, outcome)

    def _remember(self, seen: Observation[C]) -> None:
        if seen.outcome is not None:
            self._first.setdefault(seen.candidate, seen.outcome)

    def _land(self, flight: _Flight[C], outcome: bool | None, took: int = 1) -> None:
        label = flight.stream.purpose.label
        self.spent[label] = self.spent.get(label, 0) + 1
        self.rounds = max(self.rounds, flight.departed + took)
        flight.stream.receive(flight.index, outcome)
