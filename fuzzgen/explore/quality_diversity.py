"""Quality-diversity search: an archive of scenarios that came far, and children of the few that are being worked on.

A handful of elites is *active*: each is varied until a child gets further, a trigger is found, or patience ends. Children
are made from the factor assignment (those factors changed that the elite's stage hardly rests on, see relevance.py), by
taking over whole slots of another elite, or by keeping a random part of the elite's choices. What leads to a known
trigger is thinned out before it is run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from fuzzgen.explore.archive import DRAWS, Archive, Elite
from fuzzgen.explore.defuse import FLOOR, defused, near
from fuzzgen.explore.known import Known, holds
from fuzzgen.explore.protocol import FIRES, Outcome, Proposal
from fuzzgen.explore.space import Draft, Space, changed, derived_seed, redraw
from fuzzgen.grammar import Assignment

__all__ = ["Progress", "QualityDiversity"]

ACTIVE = 8
RESAMPLES = 0.34  # of the proposals at most
CROSSOVER, TAIL, FRESH = 0.1, 0.05, 0.05
SUSPECT, SUSPICION = 0.1, 1000  # how likely a fact has to matter to be suspected, and for how many proposals it is
THINNED = 2  # variants of forgotten elites that are looked at when a trigger becomes known


class Progress:
    """What the last outcome brought: new cells, stages gained."""

    __slots__ = ("cells", "stages")

    def __init__(self, cells: int = 0, stages: int = 0) -> None:
        self.cells, self.stages = cells, stages


@dataclass(frozen=True, eq=False)
class _Suspect:
    """What fired, and what is taken for its trigger, since the `since`-th proposal."""

    trigger: Known
    draft: Draft
    since: int


class QualityDiversity:
    """The strategy `qd`. It may also be told what others proposed, and then learns from that."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space, self.seed = space, seed
        self.rng = Random(f"{seed}/qd")
        self.archive = Archive()
        self.active: list[Elite] = []
        self.known: list[Known] = []
        self._suspects: list[_Suspect] = []
        self.asked = self.resampled = 0
        self._version = -1
        self._parents: dict[int, Elite] = {}
        self._thinned: list[tuple[Draft, str]] = []

    @property
    def why(self) -> str:
        top = max((e.stage for e in self.active if not e.stale), default=0)
        if not top:
            return f"{len(self.archive.elites)} cells, nothing to climb"
        return f"{len(self.archive.elites)} cells, climbing from stage {top}"

    @property
    def idle(self) -> bool:
        """Whether there is no elite to work on and no challenger to look at again."""
        return not self.archive.waiting() and not self._thinned and not self._parent()

    def ask(self, count: int = 1) -> tuple[Proposal, ...]:
        return tuple(self._ask() for _ in range(count))

    def _ask(self) -> Proposal:
        self.asked += 1
        if self.resampled < RESAMPLES * self.asked and (challenger := self.archive.waiting()):
            self.resampled += 1
            challenger.asked += 1
            return self._proposal(challenger.draft, challenger, replicate=challenger.asked - 1)
        if self._thinned:
            draft, behavior = self._thinned.pop()
            return Proposal(self.asked, "defused", draft, behavior=behavior)
        if self.rng.random() >= FRESH and (parent := self._parent()):
            parent.barren += 1
            self._parents[parent.number] = parent
            return self._proposal(self._child(parent), parent)
        return self._fresh()

    def _proposal(self, draft: Draft, elite: Elite, replicate: int = 0) -> Proposal:
        return Proposal(self.asked, "qd", draft, replicate, elite.number, elite.behavior)

    def _fresh(self) -> Proposal:
        """With nothing to climb: a fresh draw, kept away from what is known."""
        grammars = self.space.grammars
        grammar = grammars[self.asked % len(grammars)]
        seed = derived_seed(self.seed, "qd", self.asked)
        factors = redraw(grammar, {}, frozenset(f.name for f in grammar.factors), self.rng)
        if self.rng.random() >= FLOOR:
            factors = defused(grammar, factors, self.known, self.rng)
        return Proposal(self.asked, "defused" if self.known else "qd", self.space.make(grammar, factors, seed))

    def _parent(self) -> Elite | None:
        """One of the active elites that came furthest. Stale ones make room, lesser ones yield to better ones."""
        if self._version != self.archive.version or any(e.stale for e in self.active):
            self._version = self.archive.version
            self._choose_active()
        if not self.active:
            return None
        best = max(e.stage for e in self.active)
        return self.rng.choice([e for e in self.active if e.stage == best])

    def _choose_active(self) -> None:
        free = [e for e in self.archive.elites.values() if not e.stale]
        working = set(map(id, self.active))
        free.sort(key=lambda e: (-e.stage, id(e) not in working, e.number))
        crowd: Counter[tuple[str, ...]] = Counter()
        chosen: list[tuple[int, int, int, Elite]] = []
        for place, elite in enumerate(free):  # among equals, those unlike the ones taken already
            corner = elite.cell[:3]
            chosen.append((-elite.stage, 0 if id(elite) in working else 1 + crowd[corner], place, elite))
            crowd[corner] += 1
        self.active = [e for *_, e in sorted(chosen, key=lambda c: c[:3])[:ACTIVE]]

    def _child(self, parent: Elite) -> Draft:
        rng, grammar = self.rng, parent.draft.grammar
        kind = rng.random()
        seed = derived_seed(self.seed, "child", self.asked)
        if kind < TAIL:
            return self.space.tail(parent.draft, seed)
        factors: Assignment
        if kind < TAIL + CROSSOVER and (mate := self._mate(parent)):
            slots = {f.slot.name for f in grammar.factors}
            taken = set(rng.sample(sorted(slots), k=rng.randint(1, 3)))
            mixed = {f.name: mate.draft.factors[f.name] for f in grammar.factors if f.slot.name in taken}
            factors = redraw(grammar, {**parent.draft.factors, **mixed}, frozenset(), rng)
        else:
            chosen = parent.relevance.choose((f.name for f in grammar.factors), rng)
            factors = redraw(grammar, parent.draft.factors, chosen, rng)
        if rng.random() >= FLOOR:
            mine = [k for k in self._avoided() if k.behavior == parent.behavior]
            factors = defused(grammar, factors, mine, rng, thin=True, keep=parent.relevance.matters)
        return self.space.make(grammar, factors, seed)

    def _mate(self, parent: Elite) -> Elite | None:
        mates = [e for e in self.archive.elites.values() if e is not parent and e.draft.grammar is parent.draft.grammar]
        return self.rng.choice(mates) if mates else None

    def tell(self, proposal: Proposal, outcome: Outcome) -> Progress:
        """Learns from an outcome, whoever proposed it; says what it brought."""
        progress = Progress()
        if not outcome.valid:
            if proposal.replicate:
                self.archive.challengers.pop(proposal.parent, None)
            return progress
        if proposal.replicate and proposal.parent:
            gained, new = self.archive.seen_again(proposal.parent, outcome.stages.get(proposal.behavior, 0))
            progress.stages, progress.cells = max(0, gained), int(new)
            return progress
        parent = self._parents.get(proposal.parent)
        if parent is not None:
            self._learn(parent, proposal, outcome)
        for behavior, stage in outcome.stages.items():
            if 1 <= stage < FIRES and not self._explained(proposal.draft, behavior):
                mine = parent if parent is not None and parent.behavior == behavior and stage >= parent.stage else None
                touched = changed(parent.draft.factors, proposal.draft.factors) if parent else frozenset()
                relevance = mine.relevance.inherit(touched) if mine else None
                self.archive.consider(proposal.draft, behavior, stage, mine, relevance)
        return progress

    def _learn(self, parent: Elite, proposal: Proposal, outcome: Outcome) -> None:
        stage = outcome.stages.get(proposal.behavior, 0)
        touched = changed(parent.draft.factors, proposal.draft.factors)
        if touched:
            parent.relevance.learn(touched, kept=stage >= parent.stage)
        if stage >= FIRES:
            parent.spent = True
            self._suspect(parent, proposal)

    def _suspect(self, parent: Elite, proposal: Proposal) -> None:
        """A child fired: until that is confirmed and reduced, what its parent may rest on is taken for the trigger.

        Otherwise its cousins would bring the same trigger again and again before it is known. Where a cousin does fire,
        the trigger lies in what both have.
        """
        factors, behavior = proposal.draft.factors, proposal.behavior
        facts = frozenset((f, v) for f, v in factors.items() if parent.relevance.of(f) >= SUSPECT)
        for suspect in self._suspects:
            if suspect.trigger.behavior == behavior and near(suspect.trigger, factors):
                facts = frozenset(fact for fact in suspect.trigger.facts if holds(fact, factors))
                self._suspects.remove(suspect)
                break
        if len(facts) >= 2:
            self._suspects.append(_Suspect(Known(behavior, facts), proposal.draft, self.asked))
            self.archive.forget(self._suspects[-1].trigger)

    def _avoided(self) -> list[Known]:
        self._suspects = [s for s in self._suspects if s.since + SUSPICION > self.asked]
        return [*self.known, *(s.trigger for s in self._suspects)]

    def _explained(self, draft: Draft, behavior: str) -> bool:
        return any(k.behavior == behavior and near(k, draft.factors) for k in self._avoided())

    def found(self, known: Known, proposal: Proposal | None = None) -> None:
        """Forgets what leads to it; the best of that is looked at again without the trigger's facts."""
        self.known.append(known)
        self._suspects = [
            s for s in self._suspects if s.trigger.behavior != known.behavior or known.share(s.draft.factors) < 1
        ]
        gone = sorted(self.archive.forget(known), key=lambda e: (-e.stage, e.number))
        for elite in [e for e in gone if len(e.seen) >= DRAWS][:THINNED]:
            grammar = elite.draft.grammar
            factors = defused(grammar, dict(elite.draft.factors), self.known, self.rng, thin=True)
            seed = derived_seed(self.seed, "thinned", len(self.known), elite.number)
            self._thinned.append((self.space.make(grammar, factors, seed), elite.behavior))
