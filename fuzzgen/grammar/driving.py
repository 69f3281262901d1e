"""The one module that touches Hypothesis's internals: draw from a seed, record the choices, replay and mutate them.

`ConjectureData` is not public and changes between releases, so the dependency is pinned to patch releases and a canary
test fails first. What is stored is always the scenario itself beside its choices and Hypothesis's version; never only a
seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

import hypothesis
from hypothesis.control import BuildContext
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.strategies import SearchStrategy

__all__ = ["HYPOTHESIS_VERSION", "Choice", "draw", "made_by_choices", "mutate", "replay"]

HYPOTHESIS_VERSION: str = hypothesis.__version__
Choice = bool | int | float | str | bytes
T = TypeVar("T")


class _Even(HypothesisProvider):
    """Draws without the constants that Hypothesis collects from whatever local modules happen to be loaded.

    With them a seed would give other scenarios in a checkout than in a wheel, and some levels oftener than others.
    """

    def _maybe_draw_constant(self, *_: object, **__: object) -> None:
        return None

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        if min_value is None or max_value is None or weights is not None or self._random is None:
            return super().draw_integer(min_value, max_value, weights=weights, shrink_towards=shrink_towards)
        return self._random.randint(min_value, max_value)


class _MadeByChoices(SearchStrategy[T]):
    def __init__(self, make: Callable[[Callable[[int], int]], T]) -> None:
        super().__init__()
        self._make = make

    def do_draw(self, data: ConjectureData) -> T:
        return self._make(lambda below: data.draw_integer(0, below - 1) if below > 1 else 0)


def made_by_choices(make: Callable[[Callable[[int], int]], T]) -> SearchStrategy[T]:
    """A strategy for what `make` gives; its argument draws a whole number from 0 to below a bound, and shrinks to 0.

    The same as a composite of `sampled_from`, at a third of the cost: no strategy is entered for each choice.
    """
    return _MadeByChoices(make)


def _run(data: ConjectureData, strategy: SearchStrategy[T]) -> tuple[T, tuple[Choice, ...]]:
    with BuildContext(data, is_final=False, wrapped_test=lambda: None):
        value = data.draw(strategy)
    data.freeze()
    return value, tuple(data.choices)


def draw(strategy: SearchStrategy[T], seed: int) -> tuple[T, tuple[Choice, ...]]:
    """A value and the choices that made it. The same seed gives the same in the same version of Hypothesis."""
    return _run(ConjectureData(random=Random(seed), provider=_Even), strategy)


def replay(strategy: SearchStrategy[T], choices: Sequence[Choice]) -> T:
    """The value that these choices make. Raises hypothesis's StopTest where they are too few or do not fit."""
    return _run(ConjectureData.for_choices(tuple(choices)), strategy)[0]


def mutate(strategy: SearchStrategy[T], choices: Sequence[Choice], seed: int) -> tuple[T, tuple[Choice, ...]]:
    """A value that keeps the choices up to a random place and draws the rest afresh."""
    rng = Random(seed)
    keep = rng.randrange(len(choices)) if choices else 0
    prefix = tuple(choices[:keep])
    return _run(ConjectureData(random=rng, prefix=prefix, max_choices=None, provider=_Even), strategy)
