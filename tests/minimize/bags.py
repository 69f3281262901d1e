"""A small world whose answer is known: sets of letters, some of which need others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from fuzzgen.bench.virtual_clock import run_virtually
from fuzzgen.minimize import Result, Trial, minimize
from fuzzgen.minimize.interface import C


@dataclass(frozen=True)
class Bag:
    """Letters; `needs` says which other letter each one hangs on. `sizes` are values that can be made simpler."""

    letters: frozenset[str]
    needs: tuple[tuple[str, str], ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()

    def elements(self) -> tuple[str, ...]:
        return tuple(sorted(self.letters))

    def without(self, ids: Iterable[str]) -> Bag | None:
        left = set(self.letters) - set(ids)
        while broken := {a for a, b in self.needs if a in left and b not in left}:
            left -= broken
        return Bag(frozenset(left), self.needs, tuple(s for s in self.sizes if s[0] in left)) if left else None

    def simplifications(self) -> Iterable[tuple[str, Bag]]:
        for letter, size in self.sizes:
            if size:
                smaller = tuple((x, 0 if x == letter else n) for x, n in self.sizes)
                yield f"{letter}=0", Bag(self.letters, self.needs, smaller)


class Draws:
    """An oracle over bags. Outcomes follow from (seed, bag, phase, replicate) alone; a repeated trial is an error.

    deterministic and fingerprint are what the oracle says of itself
    delays   how long a trial takes, from its hit or miss and a random number; None for no time at all
    missing  share of trials that give None
    """

    fingerprint: str | None = None

    def __init__(
        self,
        rate: Callable[[Bag], float],
        seed: int = 0,
        *,
        missing: float = 0.0,
        delay: Callable[[bool, Random], float] | None = None,
        recorded: Mapping[tuple[Bag, str, int], bool | None] | None = None,
        repeats: bool = False,
    ) -> None:
        self.repeats = repeats
        self.rate, self.seed, self.missing, self.delay = rate, seed, missing, delay
        self.asked: list[tuple[Bag, str, int]] = []
        self._seen: set[tuple[Bag, str, int]] = set()
        self.forbidden = set(recorded or ())

    @property
    def deterministic(self) -> bool:
        return self.repeats

    async def __call__(self, bag: Bag, trial: Trial) -> bool | None:
        key = (bag, trial.phase, trial.replicate)
        assert key not in self._seen, f"{key} was asked for twice"
        assert key not in self.forbidden, f"{key} was recorded before"
        self.asked.append(key)
        self._seen.add(key)
        rng = Random(f"{self.seed}/{bag.elements()}/{bag.sizes}/{trial.phase}/{trial.replicate}")
        hit = rng.random() < self.rate(bag)
        lost = rng.random() < self.missing
        if self.delay:
            await asyncio.sleep(self.delay(hit, rng))
        return None if lost else hit


def alphabet(n: int) -> Bag:
    return Bag(frozenset("abcdefghijklmnopqrst"[:n]))


def fires_with(core: str, high: float = 0.8, low: float = 0.02) -> Callable[[Bag], float]:
    """The rate is high where all letters of the core are there."""
    return lambda bag: high if set(core) <= bag.letters else low


def reduce(start: C, oracle: Callable[[C, Trial], Awaitable[bool | None]], **settings: Any) -> Result[C]:
    result, _ = run_virtually(minimize(start, oracle, **settings))
    return result
