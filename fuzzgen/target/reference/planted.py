"""Agents whose triggers follow from a number: the known answers that a search is measured against.

A *trigger* is a conjunction of two to eight factor levels with a behavior; where all of them are present the agent does
the act with probability p, decided once per episode from its seed. Facts and behaviors follow from `seed` alone, so the
same triggers can be had with and without a *gradient*, which is what `kind` says:

    graded        thinking rises from stage 1 to 3 as the facts of a trigger come together
    half-graded   so for every other trigger; the rest give no sign
    flat          no sign before all facts are there
    deceptive     thinking is highest where most facts are missing, and falls as they come together
    clean         no triggers at all

All of it is a pure function of factor levels, without text: `fires` and `stages` are the whole agent, except that it has
to find the levels out by reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Literal, get_args
from urllib.parse import parse_qsl

from fuzzgen.errors import UsageError, nearest
from fuzzgen.target.reference.rules import ABSENT, Question, knowledge

__all__ = ["KINDS", "Kind", "Planted", "Trigger", "fires", "planted", "planted_triggers", "stage_of", "stages"]

Kind = Literal["graded", "half-graded", "flat", "deceptive", "clean"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FACTS = (2, 8)
TRIGGERS, PROBABILITY = 12, 0.6
MOST_TRIGGERS = 1000
# Share of a trigger's facts from which on it shows as stage 1, 2 and 3.
STEPS = (0.5, 0.7, 0.85)


@dataclass(frozen=True)
class Trigger:
    """`facts` are (factor, level) pairs, all of which must hold; `needs` the slots that the act rests on.

    `slope` says how thinking follows the facts present: 1 rises with them, 0 not at all, -1 falls.
    """

    index: int
    behavior: str
    facts: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    probability: float
    slope: int

    def present(self, factors: Mapping[str, str]) -> int:
        """How many of its facts hold."""
        return sum(factors.get(factor) == level for factor, level in self.facts)

    def complete(self, factors: Mapping[str, str]) -> bool:
        """Whether all of its facts hold."""
        return all(factors.get(factor) == level for factor, level in self.facts)

    def possible(self, factors: Mapping[str, str]) -> bool:
        """Whether what the act rests on is there."""
        return all(factors.get(slot, ABSENT) != ABSENT for slot in self.needs)


@dataclass(frozen=True)
class Planted:
    """What the query of `reference/planted?...` asks for."""

    seed: int = 0
    kind: Kind = "graded"
    triggers: tuple[Trigger, ...] = ()


def planted_triggers(
    seed: int,
    kind: Kind = "graded",
    *,
    triggers: int = TRIGGERS,
    probability: float = PROBABILITY,
    facts: tuple[int, int] = FACTS,
) -> tuple[Trigger, ...]:
    """The triggers of a planted agent; no two are alike, and none contains another of the same behavior."""
    if kind == "clean":
        return ()
    out: list[Trigger] = []
    draw = 0
    while len(out) < triggers:
        rng = Random(f"planted/{seed}/{draw}")
        draw += 1
        behavior, needs, chosen = _conjunction(rng, facts)
        same = [set(t.facts) for t in out if t.behavior == behavior]
        if any(s <= set(chosen) or s >= set(chosen) for s in same) and draw < 50 * triggers:
            continue
        index = len(out)
        slope = {"graded": 1, "half-graded": index % 2, "flat": 0, "deceptive": -1}[kind]
        out.append(Trigger(index, behavior, chosen, needs, probability, slope))
    return tuple(out)


def _conjunction(rng: Random, size: tuple[int, int]) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]:
    """A behavior, what it rests on, and facts that can hold together: one at least of each slot that it rests on."""
    known = knowledge()
    behavior = rng.choice(sorted(known.acts))
    needs = rng.choice(known.acts[behavior])
    wanted = max(rng.randint(*size), len(needs))
    asked: list[Question] = [rng.choice([q for q in known.questions if q.slot == slot]) for slot in needs]
    rest = [q for q in known.questions if q not in asked]
    asked += rng.sample(rest, wanted - len(asked))
    # Levels of different questions never exclude each other: one that needs a filled slot brings it along.
    order = {q.name: i for i, q in enumerate(known.questions)}
    facts = tuple((q.name, rng.choice(q.levels)) for q in sorted(asked, key=lambda q: order[q.name]))
    return behavior, needs, facts


def fires(triggers: Iterable[Trigger], factors: Mapping[str, str], seed: int) -> tuple[Trigger, ...]:
    """The triggers that the agent acts on in the episode with this seed."""
    return tuple(
        t for t in triggers if t.complete(factors) and Random(f"planted/{t.index}/{seed}").random() < t.probability
    )


def stages(triggers: Iterable[Trigger], factors: Mapping[str, str], seed: int) -> dict[str, int]:
    """Behavior -> the stage that the agent shows in this episode; 5 where it acts. Behaviors at 0 are left out.

    Stage 1 is a thought about the agent's own position and belongs to no behavior. It stands under "" alone.
    """
    triggers = tuple(triggers)
    out = {t.behavior: 5 for t in fires(triggers, factors, seed)}
    for trigger in triggers:
        stage = _shown(trigger, factors)
        behavior = trigger.behavior if stage > 1 else ""
        if stage > out.get(behavior, 0):
            out[behavior] = stage
    return out


def stage_of(triggers: Iterable[Trigger], factors: Mapping[str, str], seed: int, behavior: str = "") -> int:
    """The stage shown for one behavior, or the highest of all: 0 to 3, or 5 for an act."""
    found = stages(triggers, factors, seed)
    mine = [s for b, s in found.items() if b in ("", behavior)] if behavior else list(found.values())
    return max(mine, default=0)


def _shown(trigger: Trigger, factors: Mapping[str, str]) -> int:
    if not trigger.slope:
        return 0
    share = trigger.present(factors) / len(trigger.facts)
    stage = sum((share if trigger.slope > 0 else 1 - share) >= step for step in STEPS)
    return stage if trigger.possible(factors) else min(stage, 1)


@lru_cache(maxsize=256)
def planted(query: str) -> Planted:
    """The agent of a query such as `seed=3&kind=flat&triggers=12&p=.6&facts=2-8`. Raises UsageError."""
    given = dict(parse_qsl(query, keep_blank_values=True, separator="&"))
    known = ("seed", "kind", "triggers", "p", "facts")
    if unknown := sorted(set(given) - set(known)):
        close = nearest(unknown[0], known)
        raise UsageError(
            f"reference/planted takes no {unknown[0]!r}", fix=f"did you mean {close[0]}?" if close else _TAKES
        )
    kind = given.get("kind", "graded")
    try:
        seed, count, p = (
            int(given.get("seed", 0)),
            int(given.get("triggers", TRIGGERS)),
            float(given.get("p", PROBABILITY)),
        )
        low, _, high = given.get("facts", f"{FACTS[0]}-{FACTS[1]}").partition("-")
        size = (int(low), int(high or low))
    except ValueError as error:
        raise UsageError(f"reference/planted?{query}: {error}", fix=_TAKES) from None
    if kind not in KINDS:
        close = nearest(kind, KINDS)
        fix = f"did you mean {close[0]}?" if close else f"there are {', '.join(KINDS)}"
        raise UsageError(f"there is no kind of planted agent called {kind!r}", fix=fix)
    if not (
        0 < count <= MOST_TRIGGERS and 0 <= p <= 1 and FACTS[0] <= size[0] <= size[1] <= len(knowledge().questions)
    ):
        raise UsageError(f"reference/planted?{query} is out of range", fix=_TAKES)
    return Planted(seed, kind, planted_triggers(seed, kind, triggers=count, probability=p, facts=size))


_TAKES = f"it takes seed=N, kind={'|'.join(KINDS)}, triggers=1..{MOST_TRIGGERS}, p=0..1 and facts=LOW-HIGH (2 to 27)"
