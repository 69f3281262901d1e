"""Reducing a scenario within a run: the reducer's steps become events, its result a finding.

Nothing is repeated after an interruption: the run gives back what its journal holds, and the reducer decides from it as
it did before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fuzzgen.engine.candidate import Render, ScenarioCandidate, candidate_of
from fuzzgen.engine.oracle import EpisodeOracle
from fuzzgen.engine.plan import ReductionPlan
from fuzzgen.engine.run import Run
from fuzzgen.engine.twin import Twin, draw_twin
from fuzzgen.minimize import Observation, Result, Row, Step
from fuzzgen.minimize import minimize as reduce
from fuzzgen.scenario.events import FindingSaved, ShrinkStep
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.structure import cause, fingerprint
from fuzzgen.stats import anytime_interval, clopper_pearson

__all__ = ["Reduced", "Reduction", "reduce_in"]


@dataclass(frozen=True)
class Reduced:
    """A result, with the form it ended at, its twin where one was drawn, and the episodes all of it took."""

    result: Result[ScenarioCandidate]
    minimal: Scenario
    episodes: int
    twin: Twin | None = None


async def reduce_in(
    run: Run,
    scenario: Scenario,
    plan: ReductionPlan,
    render: Render,
    on_step: Callable[[Step[ScenarioCandidate]], None] | None = None,
    evidence: Iterable[Observation[ScenarioCandidate]] = (),
) -> Reduced:
    """Reduces `scenario` as planned, with the run's target; its steps are journaled. `evidence` is not drawn again."""
    oracle = EpisodeOracle(run, plan.behavior, plan.event, plan.finding_id, render, plan.harms)

    async def record(step: Step[ScenarioCandidate]) -> None:
        if on_step:
            on_step(step)
        await run.emit(
            ShrinkStep(
                finding_id=plan.finding_id,
                step=step.number,
                purpose=step.purpose,
                move=", ".join(step.moves)[:500],
                decision=step.decision,
                scenario_id=step.candidate.scenario.scenario_id,
                removed=tuple(str(e) for e in step.removed),
                hits=step.hits,
                trials=step.trials,
                missing=step.counts.missing,
                evalue=_evalue(step.log_evalue),
                accepted=step.accepted,
                kind=step.kind,
            )
        )

    start = candidate_of(scenario, plan.behavior, render, plan.harms, words=plan.words).seen()
    result = await reduce(
        start,
        oracle,
        delta=plan.delta,
        min_rate=plan.min_rate,
        threshold=plan.threshold,
        concurrency=plan.concurrency,
        seed=plan.seed,
        budget=plan.budget,
        certify=plan.certify,
        evidence=evidence,
        on_step=record,
    )
    rows = [_row_event(plan.finding_id, row) for row in result.certificate.rows]
    twin = None
    if plan.twin and result.status in ("certified", "partial"):
        left = None if plan.budget is None else plan.budget - oracle.launched
        twin = await draw_twin(oracle, result, left)
    if twin is not None:
        rows += _twin_events(plan.finding_id, result.candidate, twin)
    for number, event in enumerate(rows, len(result.certificate.steps) + 1):
        await run.emit(event.model_copy(update={"step": number}))
    return Reduced(result, result.candidate.scenario, oracle.launched, twin)


def _row_event(finding_id: str, row: Row[ScenarioCandidate]) -> ShrinkStep:
    return ShrinkStep(
        finding_id=finding_id,
        step=0,
        purpose="certificate",
        move=row.name,
        decision=row.verdict,
        scenario_id=row.candidate.scenario.scenario_id,
        removed=tuple(str(e) for e in row.removed),
        hits=row.claim.counts.hits,
        trials=row.claim.counts.valid,
        missing=row.claim.counts.missing,
        evalue=_evalue(row.claim.log_evalue),
        accepted=False,
        kind=row.kind,
    )


def _twin_events(finding_id: str, trigger: ScenarioCandidate, twin: Twin) -> list[ShrinkStep]:
    sides = (("trigger", trigger, twin.trigger), ("neighbor", twin.row.candidate, twin.neighbor))
    return [
        ShrinkStep(
            finding_id=finding_id,
            step=0,
            purpose="twin",
            move=twin.row.name,
            decision=side,
            scenario_id=candidate.scenario.scenario_id,
            removed=tuple(str(e) for e in twin.row.removed) if side == "neighbor" else (),
            hits=sum(o is True for o in outcomes),
            trials=sum(o is not None for o in outcomes),
            missing=sum(o is None for o in outcomes),
            evalue=1.0,
            accepted=side == "trigger",
            kind=twin.row.kind,
        )
        for side, candidate, outcomes in sides
    ]


def _evalue(log_evalue: float) -> float:
    return math.exp(min(log_evalue, 700.0))


class Reduction:
    """The work of `fuzzgen minimize`. `reduced` and `twin` are there when it is done."""

    def __init__(self, plan: ReductionPlan, render: Render, known: FindingSaved | None) -> None:
        self.plan, self.render, self.known = plan, render, known
        self.reduced: Reduced | None = None
        self.elements_left = len(plan.scenario.elements())
        self._doing = "drawing the start"

    @property
    def doing(self) -> str:
        return f"{self._doing}, {self.elements_left} elements left"

    def _hear(self, step: Step[ScenarioCandidate]) -> None:
        names = {
            "reference": "searching",
            "search": "searching",
            "retention": "searching",
            "sweep": "certifying",
            "confirmation": "certifying",
        }
        self._doing = names.get(step.purpose, step.purpose)
        if step.accepted:
            self.elements_left = len(step.candidate.elements())

    async def run(self, run: Run) -> None:
        self.reduced = await reduce_in(run, self.plan.scenario, self.plan, self.render, self._hear)
        await run.save(finding_of(self.plan, self.reduced, self.known))
        if not run.stopping:
            run.stop("answered" if self.reduced.result.status != "budget" else "budget")

    async def close(self, run: Run) -> None:
        """Nothing is left to say."""


def _minimal_rate(reduced: Reduced) -> tuple[float | None, float | None, float | None]:
    """Rate and 95 % interval of the minimal form: from the twin's draws, whose number was fixed before, where there are
    any; else from draws that were stopped by what they showed, with an interval that allows for it."""
    if reduced.twin is not None:
        valid = [o for o in reduced.twin.trigger if o is not None]
        if valid:
            exact = clopper_pearson(sum(valid), len(valid))
            return sum(valid) / len(valid), exact.low, exact.high
    result = reduced.result
    if not result.trials:
        return None, None, None
    return result.rate, result.interval.low, result.interval.high


def finding_of(plan: ReductionPlan, reduced: Reduced, known: FindingSaved | None) -> FindingSaved:
    """The finding after its reduction. Its first counts stay those of its confirmation where it had one."""
    result = reduced.result
    reference = result.certificate.reference
    hits, trials = (known.hits, known.trials) if known else (reference.hits, reference.valid)
    interval = anytime_interval(hits, trials, 0.05) if trials else None
    weak = result.status == "too_weak"
    rate, low, high = (None, None, None) if weak else _minimal_rate(reduced)
    return FindingSaved(
        finding_id=plan.finding_id,
        model=plan.model,
        behavior=plan.behavior,
        looking_for=plan.event,
        scenario_id=plan.scenario.scenario_id,
        status=result.status,
        hits=hits,
        trials=trials,
        rate=hits / trials if trials else None,
        rate_low=interval.low if interval else None,
        rate_high=interval.high if interval else None,
        minimal_id=None if weak else reduced.minimal.scenario_id,
        minimal_rate=rate,
        minimal_low=low,
        minimal_high=high,
        threshold=result.threshold,
        delta=plan.delta,
        elements_before=len(plan.scenario.elements()),
        elements_after=None if weak else len(reduced.minimal.elements()),
        episodes_spent=reduced.episodes + (known.episodes_spent if known else 0),
        fingerprint=""
        if weak
        else fingerprint(reduced.minimal, plan.behavior, result.candidate.decisive(plan.scenario)),
        cluster="" if weak else cause(reduced.minimal, plan.behavior),
    )
