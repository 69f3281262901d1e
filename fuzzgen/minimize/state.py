"""Where a reduction stands: the present form, the path that led to it, what is believed, and its steps."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal

from fuzzgen.minimize.belief import Belief
from fuzzgen.minimize.certificate import Step
from fuzzgen.minimize.draws import Counts, Desk
from fuzzgen.minimize.interface import C, Kind, Move, moves_rank
from fuzzgen.minimize.moves import Form, form_of, simplifications
from fuzzgen.minimize.rules import Bar, Levels, Rules
from fuzzgen.stats import TwoPointTest, log_e_low

__all__ = ["OnStep", "State"]

OnStep = Callable[[Step[C]], Awaitable[None] | None]


@dataclass(eq=False)
class State(Generic[C]):
    """The present form is the last of `trail`.

    trail     from the start to the present form, each adopted after the one before
    names     for each form of the trail, the names of the moves that led to it
    secure    places in the trail of forms that fresh draws have shown to fire; the first is the start
    lost      forms that turned out not to fire; none is adopted again
    wary      elements whose loss is held to have lost the trigger; cuts of them get a stricter test
    tried     simplifications that the present form need not be asked about again
    unretained, rejections   adoptions since fresh draws showed the form to fire, rejections since the last adoption
    group     how many simplifications of a rank are tried at once; all where nothing is said
    """

    desk: Desk[C]
    rules: Rules
    levels: Levels
    form: Form[C]
    belief: Belief
    on_step: OnStep[C] | None = None
    trail: list[C] = field(default_factory=list)
    names: list[tuple[str, ...]] = field(default_factory=lambda: [()])
    secure: list[int] = field(default_factory=lambda: [0])
    lost: set[C] = field(default_factory=set)
    wary: set[Hashable] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    group: dict[int, int] = field(default_factory=dict)
    steps: list[Step[C]] = field(default_factory=list)
    unretained: int = 0
    rejections: int = 0
    retained: Counts = Counts()

    @property
    def depth(self) -> int:
        """How many adoptions the present form is away from the start."""
        return len(self.trail) - 1

    def adopt(self, candidate: C, names: Sequence[str]) -> None:
        """Goes on from this form."""
        lost = self.form.lost(candidate)
        self.belief.contradicted(lost)
        if not lost:  # a simplification: the same name may lead further still
            self.tried.difference_update(names)
        self.trail.append(candidate)
        self.names.append(tuple(names))
        self.form = form_of(candidate)
        self.unretained += 1
        self.rejections = 0
        self.retained = Counts()

    def back_to(self, path: Sequence[C], names: Sequence[tuple[str, ...]], place: int) -> None:
        """Returns to a form of this path."""
        self.trail, self.names = list(path[: place + 1]), list(names[: place + 1])
        self.secure = [0, *(s for s in self.secure if 0 < s <= place)]
        self.form = form_of(path[place])
        self.unretained = self.rejections = 0
        self.retained = Counts()

    def rank(self, names: Sequence[str]) -> int:
        """The rank of simplifications that are tried together."""
        return moves_rank(self.form.candidate, names[0])

    def halve(self, names: Sequence[str]) -> None:
        """Simplifications of this rank are tried in groups half as large as this one."""
        self.group[self.rank(names)] = max(1, len(names) // 2)

    def known(self, candidate: C) -> bool:
        """Whether the reduction has been at this form: none is gone to twice."""
        return candidate in self.lost or candidate in self.trail

    def simplifications(self) -> tuple[Move[C], ...]:
        """The declared simplifications of the present form, less those that lead back to where it came from."""
        return tuple(m for m in simplifications(self.form.candidate) if m.result not in self.trail)

    async def note(
        self,
        purpose: str,
        candidate: C,
        counts: Counts,
        rule: TwoPointTest | Bar | None,
        decision: str,
        accepted: bool,
        *,
        moves: Sequence[str] = (),
        removed: Sequence[Hashable] = (),
        kind: Kind | Literal[""] = "",
    ) -> None:
        """Records a decision and tells whoever listens."""
        bar = rule if isinstance(rule, Bar) else None
        log_evalue = bar.log_evalue(counts) if bar else log_e_low(counts.hits, counts.started, self.levels.threshold)
        step = Step(
            len(self.steps) + 1,
            purpose,
            candidate,
            tuple(moves),
            tuple(removed),
            counts,
            rule,
            decision,
            accepted,
            kind,
            log_evalue,
        )
        self.steps.append(step)
        if self.on_step is not None:
            heard = self.on_step(step)
            if inspect.isawaitable(heard):
                await heard
