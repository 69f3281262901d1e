"""Minimizing within an exploration: which finding next, with how many episodes, and what need not be shrunk at all.

A finding that contains a known minimal trigger is that trigger again and costs nothing. The others are shrunk quickly as
they come up, as long as the share for it lasts; when exploring is over the most novel forms are certified, those of a
cluster that has no certificate yet first.
"""

from __future__ import annotations

from dataclasses import dataclass

from fuzzgen.engine.candidate import Render
from fuzzgen.engine.confirm import Candidate
from fuzzgen.engine.exploration import Exploration
from fuzzgen.engine.plan import ExplorationPlan, ReductionPlan
from fuzzgen.engine.reduction import Reduced, finding_of, reduce_in
from fuzzgen.engine.run import Run
from fuzzgen.scenario.events import FindingSaved
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.structure import contains
from fuzzgen.scenario.verdict import Behavior

__all__ = ["Minimizing"]

QUICK_SHARE = 0.25  # of the budget, for confirming and quick reductions; the rest up to 40 % is for certificates
QUICK_CAP = 400  # episodes of one quick reduction
FIRST_SHARE = 0.5  # of the episodes left, for the first quick reduction where confirming has used up the share
IN_FLIGHT = 16  # of a reduction within a run, whatever the run's own number: it decides what is drawn
QUICK_LEAST = 60
CERTIFY_LEAST = 150
FORMS = ("quick", "certified", "partial", "deterministic")  # statuses of a reduction that ended in a minimal form


@dataclass
class _Case:
    """A confirmed finding on its way to its minimal form. `same_as`: the finding whose trigger it contains."""

    candidate: Candidate
    finding: FindingSaved
    harms: tuple[str, ...]
    reduced: Reduced | None = None
    same_as: str = ""
    certified: bool = False


class Minimizing:
    """The confirmed findings of an exploration. What it does follows from launch order alone."""

    def __init__(self, plan: ExplorationPlan, exploration: Exploration, render: Render) -> None:
        self.plan, self.exploration, self.render = plan, exploration, render
        self.cases: list[_Case] = []
        self.doing = ""
        exploration.recognize = self.recognize

    def add(self, candidate: Candidate, finding: FindingSaved, harms: tuple[str, ...]) -> None:
        """A finding was confirmed."""
        self.cases.append(_Case(candidate, finding, harms))
        self.exploration.hold = True

    @property
    def _waiting(self) -> list[_Case]:
        return [c for c in self.cases if not c.reduced and not c.same_as]

    @property
    def due(self) -> bool:
        """Whether a finding waits for its quick reduction and there are episodes for it."""
        return bool(self._waiting) and self._quick_budget() >= QUICK_LEAST

    def _quick_budget(self) -> int:
        exploration = self.exploration
        if exploration.budget is None or exploration.left is None:
            return QUICK_CAP
        share = QUICK_SHARE * exploration.budget - exploration.confirming - exploration.reducing
        if not any(c.reduced for c in self.cases):  # the first form tells which hits are more of the same
            share = max(share, FIRST_SHARE * exploration.left)
        return int(min(QUICK_CAP, share, exploration.left))

    async def quick(self, run: Run) -> None:
        """Recognizes what is known among the findings that wait, and shrinks the oldest that is not."""
        await self._recognize(run)
        if self._waiting:
            await self._reduce(run, self._waiting[0], certify=False, budget=self._quick_budget())

    async def _recognize(self, run: Run) -> None:
        for case in self._waiting:
            known = self._known(case.candidate.scenario, case.candidate.behavior)
            if known is None or known.reduced is None:
                continue
            case.same_as = known.finding.finding_id
            same = {"fingerprint": known.finding.fingerprint, "cluster": known.finding.cluster}
            case.finding = case.finding.model_copy(update=same)
            await run.save(case.finding)

    def recognize(self, scenario: Scenario, behavior: Behavior) -> str:
        """The finding whose minimal trigger the scenario contains; empty where there is none."""
        known = self._known(scenario, behavior)
        return "" if known is None else known.finding.finding_id

    def _known(self, scenario: Scenario, behavior: Behavior) -> _Case | None:
        for known in self.cases:
            if known.reduced is None or known.candidate.behavior != behavior:
                continue
            if known.reduced.result.status not in FORMS:
                continue
            decisive = known.reduced.result.candidate.decisive(known.candidate.scenario)
            if contains(scenario, known.reduced.minimal, decisive):
                return known
        return None

    async def finish_one(self, run: Run) -> bool:
        """With exploring over: certifies the most novel form that has no certificate, else shrinks what still waits.

        False where there is nothing to do, or too few episodes are left for it.
        """
        await self._recognize(run)
        left = self.exploration.left
        done_clusters = {c.finding.cluster for c in self.cases if c.certified}
        done_prints = {c.finding.fingerprint for c in self.cases if c.certified}
        ready = [
            c
            for c in self.cases
            if c.reduced
            and c.reduced.result.status == "quick"
            and not c.certified
            and c.finding.fingerprint not in done_prints
        ]
        if ready and (left is None or left >= CERTIFY_LEAST):
            case = min(ready, key=lambda c: c.finding.cluster in done_clusters)
            case.certified = True
            await self._reduce(run, case, certify=True, budget=left)
            return True
        if self._waiting and (left is None or left >= QUICK_LEAST):
            await self._reduce(run, self._waiting[0], certify=False, budget=min(QUICK_CAP, left or QUICK_CAP))
            return True
        return False

    async def _reduce(self, run: Run, case: _Case, *, certify: bool, budget: int | None) -> None:
        plan = ReductionPlan(
            model=self.plan.model,
            event=self.plan.event,
            min_rate=self.plan.min_rate,
            protocol=self.plan.protocol,
            concurrency=IN_FLIGHT,
            seed=self.plan.seed,
            budget=budget,
            scenario=case.candidate.scenario,
            behavior=case.candidate.behavior,
            harms=case.harms,
            finding_id=case.finding.finding_id,
            delta=self.plan.delta,
            certify=certify,
            words=certify,
            known=case.finding,
        )
        self.doing = f"{'certifying' if certify else 'minimizing'} {case.finding.finding_id}"
        evidence = case.reduced.result.evidence if case.reduced else ()
        reduced = await reduce_in(run, case.candidate.scenario, plan, self.render, evidence=evidence)
        self.exploration.reducing += reduced.episodes
        self.doing = ""
        if case.reduced is not None and reduced.result.status == "budget":
            return  # the quick form stands
        case.reduced = reduced
        case.finding = finding = finding_of(plan, reduced, case.finding)
        await run.save(finding)
        if reduced.result.status in FORMS:
            decisive = reduced.result.candidate.decisive(case.candidate.scenario)
            self.exploration.steering.learned(
                finding.finding_id, finding.behavior, reduced.minimal, decisive, finding.fingerprint
            )

    @property
    def uncertified(self) -> list[FindingSaved]:
        """Distinct findings without a certificate."""
        return [c.finding for c in self.cases if not c.same_as and c.finding.status != "certified"]
