"""A run: keeps episodes in flight, folds their outcomes in launch order, and yields one stream of events.

The journal is awaited before anything rests on an event. A run is resumed by running the same plan again with what the
journal already holds: episodes that were judged are taken as they are, replies that were paid for are not asked for again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Protocol as Interface

from fuzzgen.engine.confirm import Candidate
from fuzzgen.engine.exploration import Exploration, Launch
from fuzzgen.engine.outcome import outcome_of
from fuzzgen.engine.past import Past
from fuzzgen.engine.plan import Plan
from fuzzgen.errors import FuzzgenError, ProviderError
from fuzzgen.judge import judge_by_rules
from fuzzgen.office.episode import run_episode
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.events import (
    AnyEvent,
    CandidateConfirmed,
    CandidateDismissed,
    CandidateFound,
    EpisodeJudged,
    EpisodeStarted,
    FindingSaved,
    ModelReplied,
    RunEvent,
    RunFinished,
    RunStarted,
    ScenarioSampled,
    StopReason,
    Warned,
)
from fuzzgen.scenario.transcript import Reply
from fuzzgen.stats import anytime_interval
from fuzzgen.target.port import Target
from fuzzgen.target.spend import Meter

__all__ = ["JournalPort", "Run"]

FIRST_CALLS = 20  # where this many episodes in a row fail at the start, the provider is at fault


class JournalPort(Interface):
    """Where events go before anything rests on them."""

    async def write(self, event: RunEvent) -> RunEvent: ...


class Run:
    """One run of an exploration. `events()` drives it; `stop()` drains it, `kill()` ends it at once."""

    def __init__(
        self,
        run_id: str,
        plan: Plan,
        exploration: Exploration,
        target: Target,
        journal: JournalPort,
        started: RunStarted,
        past: Past | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.run_id, self.plan, self.exploration = run_id, plan, exploration
        self.target, self.journal, self.started, self.clock = target, journal, started, clock
        self.past = past or Past()
        self.meter = Meter(max_usd=plan.max_usd, max_tokens=plan.max_tokens)
        self.findings: dict[str, FindingSaved] = {}
        self._flying: deque[tuple[Launch, asyncio.Task[EpisodeJudged]]] = deque()
        self._queue: asyncio.Queue[AnyEvent | None] = asyncio.Queue()
        self._reason: StopReason | None = None
        self._begun = clock()
        self._room = asyncio.Semaphore(plan.concurrency)
        self._errors = 0
        self._fine = 0
        self._last_error = ""
        self._detail = ""

    @property
    def in_flight(self) -> int:
        """Episodes launched and not yet judged."""
        return sum(not task.done() for _, task in self._flying)

    @property
    def stopping(self) -> bool:
        return self._reason is not None

    def stop(self, reason: StopReason = "interrupted") -> None:
        """Launches nothing more; what is in flight is waited for and kept."""
        self._reason = self._reason or reason

    def kill(self) -> None:
        """Cancels what is in flight. Every reply that has arrived is on disk."""
        self.stop()
        for _, task in self._flying:
            task.cancel()

    async def events(self) -> AsyncIterator[AnyEvent]:
        """Runs, and yields every event once it is on disk. Raises what ended the run, after RunFinished."""
        driver = asyncio.create_task(self._drive())
        driver.add_done_callback(lambda _: self._queue.put_nowait(None))
        try:
            while (event := await self._queue.get()) is not None:
                yield event
            await driver
        finally:
            if not driver.done():
                self.kill()
                driver.cancel()
            await asyncio.gather(driver, return_exceptions=True)

    async def _emit(self, event: RunEvent) -> None:
        written = await self.journal.write(event)
        self._queue.put_nowait(written)  # type: ignore[arg-type]  # every RunEvent subclass is an AnyEvent

    async def _drive(self) -> None:
        await self._emit(self.started)
        failure: BaseException | None = None
        try:
            await self._loop()
        except asyncio.CancelledError:
            self.stop()
        except FuzzgenError as error:
            failure, self._reason, self._detail = error, "provider" if error.exit_code == 3 else "failed", str(error)
        for _, task in self._flying:
            task.cancel()
        await asyncio.gather(*(task for _, task in self._flying), return_exceptions=True)
        for candidate in self.exploration.confirmation.open:
            candidate.status = "interrupted" if self._reason == "interrupted" else "budget"
            await self._decided(candidate)
        await self._emit(
            RunFinished(
                reason=self._reason or "budget",
                episodes=self.exploration.folded,
                findings=len(self.findings),
                prompt_tokens=self.meter.prompt_tokens,
                completion_tokens=self.meter.completion_tokens,
                cost_usd=self.meter.cost_usd,
                seconds=self.past.seconds + self.clock() - self._begun,
                detail=self._detail,
            )
        )
        if failure is not None:
            raise failure

    async def _loop(self) -> None:
        while True:
            while self._flying and self._flying[0][0].number <= self.exploration.launched - self.plan.lag:
                await self._fold_one()
            self._check_caps()
            launch = None if self.stopping else self.exploration.next_launch()
            if launch is not None:
                await self._room.acquire()
                await self._start(launch)
            elif self._flying:
                await self._fold_one()
            else:
                return

    def _check_caps(self) -> None:
        if capped := self.meter.reached():
            self.stop(capped)
        if self.plan.max_time is not None and self.clock() - self._begun >= self.plan.max_time:
            self.stop("max_time")

    async def _start(self, launch: Launch) -> None:
        scenario, rendering = launch.scenario, launch.rendering
        episode_id = content_hash([self.run_id, rendering.rendering_id, launch.phase, launch.trial.replicate])
        if scenario.scenario_id not in self.past.scenarios:
            self.past.scenarios.add(scenario.scenario_id)
            await self._emit(ScenarioSampled(scenario=scenario, rendering=rendering, sampler=launch.sampler))
        if episode_id not in self.past.started:
            self.past.started.add(episode_id)
            await self._emit(
                EpisodeStarted(
                    episode_id=episode_id,
                    launch=launch.number,
                    scenario_id=scenario.scenario_id,
                    rendering_id=rendering.rendering_id,
                    phase=launch.phase,
                    sampler=launch.sampler,
                    replicate=launch.trial.replicate,
                    seed=launch.trial.seed,
                    finding_id=launch.candidate.finding_id if launch.candidate else "",
                )
            )
        task = asyncio.create_task(self._episode(launch, episode_id))
        task.add_done_callback(lambda _: self._room.release())
        self._flying.append((launch, task))

    async def _episode(self, launch: Launch, episode_id: str) -> EpisodeJudged:
        if episode_id in self.past.judged:
            judged = self.past.judged[episode_id]
            self.meter.add_totals(judged.prompt_tokens, judged.completion_tokens, judged.cached_tokens, judged.cost_usd)
            return judged

        def known(key: str) -> Reply | None:
            return self.past.replies.get((episode_id, key))

        async def on_reply(step: int, key: str, reply: Reply) -> None:
            await self._emit(ModelReplied(episode_id=episode_id, step=step, key=key, reply=reply))

        episode = await run_episode(
            launch.scenario,
            launch.rendering,
            self.target,
            launch.trial,
            step_cap=self.plan.step_cap,
            known=known,
            on_reply=on_reply,
        )
        usage = episode.usage
        self.meter.add_totals(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.cost_usd)
        assessment = judge_by_rules(launch.scenario.facts, episode.transcript, directory=launch.rendering.directory)
        judged = EpisodeJudged(
            episode_id=episode_id,
            transcript=episode.transcript,
            assessments=(assessment,),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            cost_usd=usage.cost_usd,
            latency_ms=episode.latency_ms,
            fingerprint=episode.fingerprint,
        )
        self._watch(assessment.outcome == "error", episode.error)
        await self._emit(judged)
        return judged

    def _watch(self, failed: bool, error: str) -> None:
        if not failed:
            self._fine += 1
            return
        self._errors += 1
        self._last_error = error
        if not self._fine and self._errors >= FIRST_CALLS:
            self.stop("provider")

    async def _fold_one(self) -> None:
        launch, task = self._flying.popleft()
        try:
            judged = await task
        except BaseException:
            if not task.done():
                task.cancel()
            raise
        outcome = outcome_of(judged, self.plan.behaviors, self.plan.event)
        for candidate in self.exploration.fold(launch, outcome):
            if candidate.status == "open":
                await self._emit(
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
                await self._decided(candidate)
        if self._reason == "provider" and not self._fine:
            raise ProviderError(
                f"the first {self._errors} episodes all failed: {self._last_error}",
                fix="check the model's name, its key and --api-base",
            )

    async def _decided(self, candidate: Candidate) -> None:
        trials = candidate.valid
        interval = anytime_interval(candidate.hits, trials, 0.05) if trials else None
        if candidate.status == "confirmed" and interval:
            await self._emit(
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
            reason = candidate.status if candidate.status in ("below", "undecided", "interrupted") else "budget"
            await self._emit(
                CandidateDismissed(
                    finding_id=candidate.finding_id,
                    hits=candidate.hits,
                    trials=trials,
                    started=candidate.folded,
                    reason=reason,
                )
            )
        status = {"below": "dismissed", "undecided": "dismissed", "budget": "candidate", "interrupted": "candidate"}
        saved = FindingSaved(
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
        if candidate.status in ("confirmed", "deterministic"):
            self.findings[saved.finding_id] = saved
        await self._emit(saved)

    async def warn(self, message: str) -> None:
        """Says something that the user should know, in the stream and the journal."""
        await self._emit(Warned(message=message))
