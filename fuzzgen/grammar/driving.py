"""The one module that touches Hypothesis's internals: draw from a seed, record the choices, replay and mutate them.

`ConjectureData` is not public and changes between releases, so the dependency is pinned to patch releases and a canary
test fails first. What is stored is always the scenario itself beside its choices and Hypothesis's version; never only a
seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

import hypothesis
from hypothesis.control import BuildContext
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.strategies import SearchStrategy

__all__ = ["HYPOTHESIS_VERSION", "Choice", "draw", "mutate", "replay"]

HYPOTHESIS_VERSION: str = hypothesis.__version__
Choice = bool | int | float | str | bytes
T = TypeVar("T")


def _run(data: ConjectureData, strategy: SearchStrategy[T]) -> tuple[T, tuple[Choice, ...]]:
    with BuildContext(data, is_final=False, wrapped_test=lambda: None):
        value = data.draw(strategy)
    data.freeze()
    return value, tuple(data.choices)


def draw(strategy: SearchStrategy[T], seed: int) -> tuple[T, tuple[Choice, ...]]:
    """A value and the choices that made it. The same seed gives the same in the same version of Hypothesis."""
    return _run(ConjectureData(random=Random(seed)), strategy)


def replay(strategy: SearchStrategy[T], choices: Sequence[Choice]) -> T:
    """The value that these choices make. Raises hypothesis's StopTest where they are too few or do not fit."""
    return _run(ConjectureData.for_choices(tuple(choices)), strategy)[0]


def mutate(strategy: SearchStrategy[T], choices: Sequence[Choice], seed: int) -> tuple[T, tuple[Choice, ...]]:
    """A value that keeps the choices up to a random place and draws the rest afresh."""
    rng = Random(seed)
    keep = rng.randrange(len(choices)) if choices else 0
    return _run(ConjectureData(random=rng, prefix=tuple(choices[:keep]), max_choices=None), strategy)
