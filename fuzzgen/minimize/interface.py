"""What is reduced, and what is asked about it: candidates with removable elements, and an oracle that draws.

The reducer knows nothing of scenarios, models or money. A candidate is anything hashable that can lose elements; the
oracle says for one trial whether the event happened. Both are duck-typed, so that a `Scenario`, a test's set of
numbers and a planted problem are reduced by the same code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, Self, TypeVar, runtime_checkable

__all__ = [
    "Candidate",
    "Kind",
    "Move",
    "Observation",
    "Oracle",
    "Phase",
    "Simplifiable",
    "Trial",
    "moves_kind",
    "moves_rank",
    "trial_of",
]

Kind = Literal["enabling", "motivating"]
"""Enabling: without it the act cannot be done at all. Motivating: it could be done and is not."""

Phase = Literal["shrink", "certify"]
"""What a trial is drawn for. Draws that choose a form are `shrink`, draws that something is claimed from `certify`."""

E = TypeVar("E", bound=Hashable)


@runtime_checkable
class Candidate(Protocol[E]):
    """Anything hashable with removable elements. Equal candidates are the same situation."""

    def elements(self) -> tuple[E, ...]:
        """Ids of what can be taken away, in a stable order."""
        ...

    def without(self, ids: Iterable[E], /) -> Self | None:
        """This less `ids` and whatever depended on them; None where nothing valid is left."""
        ...

    def __hash__(self) -> int: ...


@runtime_checkable
class Simplifiable(Protocol):
    """A candidate that also knows simpler values of its parts; tried after the deletions."""

    def simplifications(self) -> Iterable[tuple[str, Self]]:
        """Pairs of a move's name and the simpler candidate. A name means the same move on every candidate."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """Which draw of a candidate this is. No (phase, replicate) of a candidate is asked for twice.

    seed  31 bits that follow from the reduction's seed, the candidate's elements, phase and replicate
    """

    phase: Phase
    replicate: int
    seed: int


C = TypeVar("C", bound=Candidate[Any])  # Any: the type of the ids is the candidate's own business
C_contra = TypeVar("C_contra", bound=Candidate[Any], contravariant=True)


class Oracle(Protocol[C_contra]):
    """One fresh draw: whether the event happened, or None where that cannot be known.

    It may raise `fuzzgen.Stop` to end the reduction, and carry an attribute `deterministic`; once that is true every
    candidate is drawn only once. ProviderError, TimeoutError and ConnectionError are missing draws; any other
    exception is a defect and goes up.
    """

    def __call__(self, candidate: C_contra, trial: Trial, /) -> Awaitable[bool | None]: ...


@dataclass(frozen=True, slots=True)
class Observation(Generic[C]):
    """One draw as it was recorded. Any object with these attributes is accepted as evidence."""

    candidate: C
    phase: str
    replicate: int
    outcome: bool | None


@dataclass(frozen=True, slots=True)
class Move(Generic[C]):
    """One step down from a form: the deletion of an element with all that depends on it, or a simplification.

    name     the element's id as text, or the simplification's name
    element  the id, None for a simplification
    result   the form that it leads to
    removed  every id that goes, the dependent ones included; empty for a simplification
    """

    name: str
    element: Hashable | None
    result: C
    removed: tuple[Hashable, ...]


def moves_kind(candidate: object, move: Move[Any]) -> Kind:
    """What the candidate's optional method `kind(move)` says; motivating where it has none."""
    hook: Callable[[Move[Any]], Kind] | None = getattr(candidate, "kind", None)
    return "enabling" if hook is not None and hook(move) == "enabling" else "motivating"


def moves_rank(candidate: object, name: str) -> int:
    """What the candidate's optional method `rank(name)` says of a simplification, else 0. Lower ones come first."""
    hook: Callable[[str], int] | None = getattr(candidate, "rank", None)
    return 0 if hook is None else hook(name)


def trial_of(seed: int, candidate: Candidate[Any], phase: Phase, replicate: int) -> Trial:
    """The trial with its seed, the same in every process."""
    text = f"{seed}/{phase}/{replicate}/" + "/".join(sorted(map(repr, candidate.elements())))
    return Trial(phase, replicate, int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1)
