"""The strategy `auto`: all pairs of facts first, then random sampling and quality-diversity, each as much as it earns.

Rewards are new cells of the archive, stages gained and seen twice, and above all new triggers (by fingerprint). The
random stream keeps a floor, since rates come from it alone; quality-diversity keeps one, since a gradient may only show
once there is something to climb.
"""

from __future__ import annotations

from random import Random

from fuzzgen.explore.bandit import Bandit
from fuzzgen.explore.covering import CoveringPrefix
from fuzzgen.explore.known import Known
from fuzzgen.explore.protocol import FIRES, Outcome, Proposal
from fuzzgen.explore.quality_diversity import QualityDiversity
from fuzzgen.explore.random_stream import RandomStream
from fuzzgen.explore.space import Space

__all__ = ["Auto"]

FLOORS = {"random": 0.25, "qd": 0.1}
CELL, STAGE, HIT, TRIGGER = 0.005, 0.04, 1.0, 4.0
PRIOR = {"random": 0.01, "qd": 0.005}  # reward per episode


class Auto:
    """See the module's docstring."""

    def __init__(self, space: Space, seed: int) -> None:
        self.prefix = CoveringPrefix(space, seed)
        self.stream = RandomStream(space, seed)
        self.qd = QualityDiversity(space, seed)
        self.bandit = Bandit(FLOORS, Random(f"{seed}/bandit"), PRIOR)
        self.fingerprints: set[str] = set()
        self.number = 0
        self._moved = ""

    @property
    def why(self) -> str:
        if self.prefix.left:
            return f"pairs of facts, {self.prefix.left} scenarios left"
        share = self.bandit.share("qd")
        because = f" since {self._moved}" if self._moved else ""
        return f"{share:.0%} climbing ({self.qd.why}), {1 - share:.0%} random{because}"

    def ask(self, count: int = 1) -> tuple[Proposal, ...]:
        return tuple(self._ask() for _ in range(count))

    def _ask(self) -> Proposal:
        self.number += 1
        arm = self.bandit.choose()
        if self.prefix.left and self.bandit.rng.random() >= FLOORS["random"]:
            return self.prefix.next()
        if arm == "random" or self.prefix.left or self.qd.idle:
            return Proposal(self.number, "random", self.stream.next())
        return self.qd.ask()[0]

    def tell(self, proposal: Proposal, outcome: Outcome) -> None:
        progress = self.qd.tell(proposal, outcome)
        reward = CELL * progress.cells + STAGE * progress.stages
        if FIRES in outcome.stages.values() and not any(k.share(proposal.draft.factors) >= 1 for k in self.qd.known):
            reward += HIT
        if proposal.sampler != "covering":
            self.bandit.tell(_arm(proposal), reward)

    def found(self, known: Known, proposal: Proposal | None = None) -> None:
        self.qd.found(known, proposal)
        fingerprint = known.fingerprint or f"{known.behavior} {sorted(known.facts)}"
        if fingerprint not in self.fingerprints and proposal is not None and proposal.sampler != "covering":
            self.bandit.credit(_arm(proposal), TRIGGER)
            self._moved = f"{'random sampling' if _arm(proposal) == 'random' else 'climbing'} found the last trigger"
        self.fingerprints.add(fingerprint)


def _arm(proposal: Proposal) -> str:
    return "random" if proposal.sampler == "random" else "qd"
