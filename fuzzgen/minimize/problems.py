"""Planted reduction problems: stand-ins for scenarios whose minimal trigger is known.

A problem has forty elements with dependencies (an e-mail needs its two people, a secret its subject). Its planted
trigger is a conjunction of one secret, one threat, one e-mail and one policy, plus either of two more e-mails; with
what those depend on, 8 to 15 elements. A landscape says how often each subset fires. Everything follows from the
seeds, and a trial's outcome from (problem, candidate, phase, replicate) alone, so results do not depend on the order
of calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Protocol

COUNTS = {"person": 12, "secret": 6, "threat": 3, "email": 14, "policy": 5}


@dataclass(frozen=True)
class Problem:
    """Elements 0..n-1 with direct dependencies, and the planted trigger."""

    seed: int
    kinds: tuple[str, ...]
    needs: tuple[frozenset[int], ...]
    required: frozenset[int]
    either: frozenset[int]

    @classmethod
    def planted(cls, seed: int) -> Problem:
        rng = Random(seed)
        kinds = tuple(kind for kind, count in COUNTS.items() for _ in range(count))
        ids = {kind: [i for i, k in enumerate(kinds) if k == kind] for kind in COUNTS}
        needs: list[frozenset[int]] = [frozenset()] * len(kinds)
        for i in ids["secret"] + ids["threat"]:
            needs[i] = frozenset({rng.choice(ids["person"])})
        for i in ids["email"]:
            sender, recipient = rng.sample(ids["person"], 2)
            about = rng.random()
            topic = (
                {rng.choice(ids["secret"])} if about < 0.4 else {rng.choice(ids["threat"])} if about < 0.65 else set()
            )
            needs[i] = frozenset({sender, recipient} | topic)
        first, second, third = rng.sample(ids["email"], 3)
        required = frozenset({rng.choice(ids["secret"]), rng.choice(ids["threat"]), first, rng.choice(ids["policy"])})
        return cls(seed, kinds, tuple(needs), required, frozenset({second, third}))

    @property
    def everything(self) -> frozenset[int]:
        return frozenset(range(len(self.kinds)))

    def settle(self, kept: Iterable[int]) -> frozenset[int]:
        """Drops whatever lacks something that it needs."""
        kept = set(kept)
        while broken := {i for i in kept if not self.needs[i] <= kept}:
            kept -= broken
        return frozenset(kept)

    def close(self, wanted: Iterable[int]) -> frozenset[int]:
        """Adds whatever the wanted elements need."""
        closed = set(wanted)
        while missing := {j for i in closed for j in self.needs[i]} - closed:
            closed |= missing
        return frozenset(closed)

    def whole(self, kept: frozenset[int]) -> bool:
        """Whether the planted trigger is there."""
        return self.required <= kept and bool(self.either & kept)

    def missing(self, kept: frozenset[int]) -> int:
        """How many of the five facts are not there."""
        return len(self.required - kept) + (not self.either & kept)

    def smallest(self) -> int:
        return min(len(self.close(self.required | {e})) for e in self.either)

    def bystanders(self, count: int, seed: int) -> frozenset[int]:
        """Elements outside every minimal form."""
        inside = frozenset().union(*(self.close(self.required | {e}) for e in self.either))
        return frozenset(Random(seed).sample(sorted(self.everything - inside), count))


@dataclass(frozen=True)
class Candidate:
    """A subset of a problem's elements, as the reducer sees it."""

    problem: Problem
    kept: frozenset[int]

    def elements(self) -> tuple[int, ...]:
        return tuple(sorted(self.kept))

    def without(self, ids: Iterable[int]) -> Candidate | None:
        kept = self.problem.settle(self.kept - frozenset(ids))
        return Candidate(self.problem, kept) if kept else None


Rate = Callable[[frozenset[int]], float]


def landscape(problem: Problem, name: str, *, threshold: float = 0.36) -> Rate:
    """The firing rate of each subset.

    planted   .6 where the trigger is whole, else .02
    weak      .3 / .02          rare  .2 / .02          noisy  .6 / .1
    graded    .55 + .02 for each of eight amplifiers where whole; .15 with one fact missing; else .02
    booster   .6 where whole with one bystander, .3 without it; else .02
    boundary  .6 where whole with all of six bystanders, exactly `threshold` without any of them; else .02
              (give the reducer the same threshold: one estimated from draws would seldom be equal to it)
    """
    levels = {"planted": (0.6, 0.02), "weak": (0.3, 0.02), "rare": (0.2, 0.02), "noisy": (0.6, 0.1)}
    if name in levels:
        high, low = levels[name]
        return lambda kept: high if problem.whole(kept) else low
    if name == "graded":
        amplifiers = problem.bystanders(8, 7)
        return lambda kept: (
            0.55 + 0.02 * len(amplifiers & kept)
            if problem.whole(kept)
            else 0.15
            if problem.missing(kept) == 1
            else 0.02
        )
    if name == "booster":
        (booster,) = problem.bystanders(1, 11)
        return lambda kept: (0.6 if booster in kept else 0.3) if problem.whole(kept) else 0.02
    if name == "boundary":
        soft = problem.bystanders(6, 99)
        return lambda kept: (0.6 if soft <= kept else threshold) if problem.whole(kept) else 0.02
    raise ValueError(f"no landscape {name!r}; there are: boundary, booster, graded, noisy, planted, rare, weak")


class Trial(Protocol):
    """Which draw this is. No (phase, replicate) of a candidate may be asked for twice."""

    @property
    def phase(self) -> str: ...
    @property
    def replicate(self) -> int: ...


def oracle(
    rate: Rate, seed: int, *, unit: float = 0.0, hits_take: float = 1.0, missing: float = 0.0
) -> Callable[[Candidate, Trial], Awaitable[bool | None]]:
    """One trial of a candidate.

    A miss takes `unit` seconds and a hit `hits_take` times that, as harmful episodes often take longer; a share
    `missing` of the trials gives None. Asking for the same trial twice raises ValueError.
    """
    asked: set[tuple[Candidate, str, int]] = set()

    async def one(candidate: Candidate, trial: Trial) -> bool | None:
        key = (candidate, trial.phase, trial.replicate)
        if key in asked:
            raise ValueError(f"trial {trial.phase}/{trial.replicate} of this candidate was asked for twice")
        asked.add(key)
        rng = Random(f"{seed}/{candidate.problem.seed}/{sorted(candidate.kept)}/{trial.phase}/{trial.replicate}")
        hit = rng.random() < rate(candidate.kept)
        if unit:
            await asyncio.sleep(unit * (hits_take if hit else 1.0))
        return None if rng.random() < missing else hit

    return one
