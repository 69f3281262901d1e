"""The reducer's oracle: one fresh episode of a form of a scenario, and whether the event happened.

Money, time and Ctrl-C are minded here: past a cap it raises Stop, and the reducer returns the best form so far. A target
that repeats itself word for word is recognized from the first eight transcripts of one rendering, as long as no
rendering has shown two different ones.
"""

from __future__ import annotations

import asyncio

from fuzzgen.engine.candidate import Render, ScenarioCandidate
from fuzzgen.engine.outcome import outcome_of
from fuzzgen.engine.run import Order, Run
from fuzzgen.errors import Stop
from fuzzgen.minimize import Trial as Draw
from fuzzgen.scenario.rendering import Trial
from fuzzgen.scenario.verdict import Behavior, Event

__all__ = ["EpisodeOracle"]

SAME_TRANSCRIPTS = 8


class EpisodeOracle:
    """`launches` counts on over all episodes of the run; `render` makes the rendering of a form."""

    def __init__(
        self,
        run: Run,
        behavior: Behavior,
        event: Event,
        finding_id: str,
        render: Render,
        harms: tuple[str, ...] = (),
    ) -> None:
        self.harms = harms
        self.run, self.behavior, self.event = run, behavior, event
        self.finding_id, self.render = finding_id, render
        self.fingerprint: str | None = None
        self._digests: dict[str, list[str]] = {}
        self._varies = False
        self.launched = 0

    @property
    def deterministic(self) -> bool:
        return not self._varies and any(len(d) >= SAME_TRANSCRIPTS for d in self._digests.values())

    async def __call__(self, candidate: ScenarioCandidate, draw: Draw) -> bool | None:
        run = self.run
        run.check_caps()
        if run.stopping:
            raise Stop(run.reason or "")
        scenario = candidate.scenario
        rendering = self.render(scenario)
        trial = Trial(phase=draw.phase, replicate=draw.replicate, seed=draw.seed)
        task = await run.launch(
            Order(scenario, rendering, trial, sampler=draw.phase, launch=run.next_number(), finding_id=self.finding_id)
        )
        self.launched += 1
        judged = await asyncio.shield(task)  # a straggler that the reducer gives up is paid for: it ends on disk
        run.require_provider()
        outcome = outcome_of(judged, (self.behavior,), self.event, self.harms)
        if judged.fingerprint:
            self.fingerprint = judged.fingerprint
        if outcome.valid:
            seen = self._digests.setdefault(rendering.rendering_id, [])
            self._varies = self._varies or bool(seen and outcome.digest != seen[0])
            seen.append(outcome.digest)
        return outcome.fires[self.behavior]
