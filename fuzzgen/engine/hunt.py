"""The work of an exploration: keeps episodes in flight and folds their outcomes in launch order."""

from __future__ import annotations

import asyncio
from collections import deque

from fuzzgen.engine.confirm import Candidate
from fuzzgen.engine.exploration import Exploration, Launch
from fuzzgen.engine.minimizing import Minimizing
from fuzzgen.engine.outcome import outcome_of
from fuzzgen.engine.plan import ExplorationPlan
from fuzzgen.engine.run import Order, Run
from fuzzgen.scenario.events import CandidateConfirmed, CandidateDismissed, CandidateFound, EpisodeJudged, FindingSaved
from fuzzgen.stats import anytime_interval

__all__ = ["Hunt"]


class Hunt:
    """Runs what an Exploration orders, and tells it what came of that."""

    def __init__(self, plan: ExplorationPlan, exploration: Exploration, minimizing: Minimizing) -> None:
        self.plan, self.exploration, self.minimizing = plan, exploration, minimizing
        self._flying: deque[tuple[Launch, asyncio.Task[EpisodeJudged]]] = deque()

    @property
    def doing(self) -> str:
        if self.minimizing.doing:
            return self.minimizing.doing
        why = self.exploration.steering.why
        return f"confirming; {why}" if self.exploration.confirmation.open else why

    async def run(self, run: Run) -> None:
        while True:
            while self._flying and self._flying[0][0].number <= self.exploration.launched - self.plan.lag:
                await self._fold_one(run)
            run.check_caps()
            if not run.stopping and self.minimizing.due:
                while self._flying:
                    await self._fold_one(run)
                await self.minimizing.quick(run)
                for candidate in self.exploration.drop_known():
                    await self._decided(run, candidate)
                continue
            launch = None if run.stopping else self.exploration.next_launch()
            if launch is not None:
                self._flying.append((launch, await run.launch(_order(run, launch))))
            elif self._flying:
                await self._fold_one(run)
            elif run.stopping:
                return
            elif not await self.minimizing.finish_one(run):
                if not self.exploration.hold:
                    return
                self.exploration.hold = False  # what nothing needs any more goes back to exploring

    async def close(self, run: Run) -> None:
        for candidate in self.exploration.confirmation.open:
            candidate.status = "interrupted" if run.reason == "interrupted" else "budget"
            await self._decided(run, candidate)

    async def _fold_one(self, run: Run) -> None:
        launch, task = self._flying.popleft()
        try:
            judged = await task
        except BaseException:
            task.cancel()
            raise
        outcome = outcome_of(judged, self.plan.behaviors, self.plan.event)
        for candidate in self.exploration.fold(launch, outcome):
            if candidate.status == "open":
                await run.emit(
                    CandidateFound(
                        finding_id=candidate.finding_id,
                        scenario_id=candidate.scenario.scenario_id,
                        rendering_id=candidate.rendering.rendering_id,
                        behavior=candidate.behavior,
                        looking_for=self.plan.event,
                        episode_id=candidate.episode_id,
                        position=candidate.position,
                    )
                )
            else:
                await self._decided(run, candidate)
        run.require_provider()

    async def _decided(self, run: Run, candidate: Candidate) -> None:
        trials = candidate.valid
        interval = anytime_interval(candidate.hits, trials, 0.05) if trials else None
        if candidate.status == "confirmed" and interval:
            await run.emit(
                CandidateConfirmed(
                    finding_id=candidate.finding_id,
                    hits=candidate.hits,
                    trials=trials,
                    started=candidate.folded,
                    low=interval.low,
                    high=interval.high,
                    log_evalue=candidate.log_evalue,
                    min_rate=self.plan.min_rate,
                )
            )
        elif candidate.status not in ("confirmed", "deterministic"):
            reason = (
                candidate.status if candidate.status in ("below", "undecided", "interrupted", "known") else "budget"
            )
            await run.emit(
                CandidateDismissed(
                    finding_id=candidate.finding_id,
                    hits=candidate.hits,
                    trials=trials,
                    started=candidate.folded,
                    reason=reason,
                )
            )
        status = {
            "below": "dismissed",
            "undecided": "dismissed",
            "budget": "candidate",
            "interrupted": "candidate",
            "known": "candidate",
        }
        finding = FindingSaved(
            finding_id=candidate.finding_id,
            model=self.plan.model,
            behavior=candidate.behavior,
            looking_for=self.plan.event,
            scenario_id=candidate.scenario.scenario_id,
            status=status.get(candidate.status, candidate.status),
            hits=candidate.hits,
            trials=trials,
            rate=candidate.hits / trials if trials else None,
            rate_low=interval.low if interval else None,
            rate_high=interval.high if interval else None,
            threshold=self.plan.min_rate,
            elements_before=len(candidate.scenario.elements()),
            episodes_spent=candidate.folded,
            cluster=candidate.cell,
        )
        await run.save(finding)
        if self.plan.minimize and candidate.status in ("confirmed", "deterministic") and not run.stopping:
            self.minimizing.add(candidate, finding, candidate.harms)


def _order(run: Run, launch: Launch) -> Order:
    return Order(
        launch.scenario,
        launch.rendering,
        launch.trial,
        sampler=launch.sampler,
        launch=run.next_number(),
        finding_id=launch.candidate.finding_id if launch.candidate else "",
    )
