"""The smallest form that still does it, with a certificate.

    result = await fuzzgen.minimize(candidate, oracle, delta=0.05)

reduces anything with removable elements by an oracle that draws. Pure: no clock, file or network.

    interface      candidates, oracles, trials, moves
    rules          every setting, and what follows from counts
    draws          launch order, slots, budget, evidence from before
    moves          what can be taken away from a form
    belief         which elements are probably needed
    walks          decisions that follow from launch order alone
    search         cheap tests that find a small form
    retention      whether the trigger is still there, and the way back
    state          where a reduction stands
    sweep          the certificate
    reducer        all of it in turn
    deterministic  the same for a target that repeats itself
    certificate    what is left behind
    problems       planted problems whose answer is known
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from fuzzgen.minimize.certificate import Certificate, Claim, Result, Row, Status, Step
from fuzzgen.minimize.draws import Counts
from fuzzgen.minimize.interface import Candidate, Kind, Move, Observation, Oracle, Simplifiable, Trial
from fuzzgen.minimize.reducer import minimize
from fuzzgen.minimize.rules import Bar, Levels, Rules

__all__ = [
    "Bar",
    "Candidate",
    "Certificate",
    "Claim",
    "Counts",
    "Kind",
    "Levels",
    "Move",
    "Observation",
    "Oracle",
    "Result",
    "Row",
    "Rules",
    "Simplifiable",
    "Status",
    "Step",
    "Trial",
    "minimize",
]


class _Callable(ModuleType):
    """`fuzzgen.minimize` is both this package and, by the interface, a function: importing any of its modules binds
    the package to that name, so the package itself is callable."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return minimize(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
