"""A run: one stream of events over one journal, one target and one meter, whatever the work is.

The journal is awaited before anything rests on an event. A run is resumed by doing the same work again with what the
journal already holds: episodes that were judged are taken as they are, replies that were paid for are not asked for again.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Protocol as Interface
from typing import TypeVar

from fuzzgen.engine.past import Past
from fuzzgen.engine.plan import Plan
from fuzzgen.errors import FuzzgenError, ProviderError
from fuzzgen.judge import judge_by_rules
from fuzzgen.office.episode import run_episode
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.events import (
    AnyEvent,
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
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.rendering import Rendering, Trial
from fuzzgen.scenario.transcript import Reply
from fuzzgen.target.port import Target
from fuzzgen.target.spend import Meter

__all__ = ["JournalPort", "Order", "Run", "Work"]

Written = TypeVar("Written", bound=RunEvent)
FIRST_CALLS = 20  # where this many episodes in a row fail at the start, the provider is at fault


class JournalPort(Interface):
    """Where events go before anything rests on them."""

    async def write(self, event: Written) -> Written: ...


class Work(Interface):
    """What a run is for: it orders episodes and draws conclusions."""

    @property
    def doing(self) -> str:
        """What it is busy with, in a word or two."""
        ...

    async def run(self, run: Run) -> None:
        """Works until done, or until `run.stopping` and nothing is in flight."""
        ...

    async def close(self, run: Run) -> None:
        """Says what is left to say, however the run ended; nothing is in flight any more."""
        ...


class Order:
    """One episode to run. `launch` is its place in launch order, from 1."""

    __slots__ = ("finding_id", "launch", "rendering", "sampler", "scenario", "trial")

    def __init__(
        self, scenario: Scenario, rendering: Rendering, trial: Trial, *, sampler: str, launch: int, finding_id: str = ""
    ) -> None:
        self.scenario, self.rendering, self.trial = scenario, rendering, trial
        self.sampler, self.launch, self.finding_id = sampler, launch, finding_id


class Run:
    """`events()` drives the work; `stop()` drains it, `kill()` ends it at once."""

    def __init__(
        self,
        run_id: str,
        plan: Plan,
        work: Work,
        target: Target,
        journal: JournalPort,
        started: RunStarted,
        past: Past | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.run_id, self.plan, self.work = run_id, plan, work
        self.target, self.journal, self.started, self.clock = target, journal, started, clock
        self.past = past or Past()
        self.meter = Meter(max_usd=plan.max_usd, max_tokens=plan.max_tokens)
        self.findings: dict[str, FindingSaved] = {}
        self.episodes = 0
        self.missing: Counter[str] = Counter()  # episodes that do not count, by the reason
        self.shares: Counter[str] = Counter()  # episodes by what they were for: a sampler's, or a later phase's
        self.failed = 0  # episodes in which the provider failed
        self.launches = 0
        self.flying: set[asyncio.Task[EpisodeJudged]] = set()
        self.room = asyncio.Semaphore(plan.concurrency)
        self._queue: asyncio.Queue[AnyEvent | None] = asyncio.Queue()
        self._reason: StopReason | None = None
        self._begun = clock()
        self._errors = 0
        self._fine = 0
        self._last_error = ""

    @property
    def reason(self) -> StopReason | None:
        """Why it stops; None while it does not."""
        return self._reason

    @property
    def stopping(self) -> bool:
        return self._reason is not None

    def stop(self, reason: StopReason = "interrupted") -> None:
        """Launches nothing more; what is in flight is waited for and kept."""
        self._reason = self._reason or reason

    def kill(self) -> None:
        """Cancels what is in flight. Every reply that has arrived is on disk."""
        self.stop()
        for task in self.flying:
            task.cancel()

    def next_number(self) -> int:
        """The next place in launch order, for work that keeps no count of its own."""
        self.launches += 1
        return self.launches

    def check_caps(self) -> None:
        """Stops the run where a cap in USD, tokens or seconds is reached."""
        if capped := self.meter.reached():
            self.stop(capped)
        if self.plan.max_time is not None and self.past.seconds + self.clock() - self._begun >= self.plan.max_time:
            self.stop("max_time")

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

    async def emit(self, event: AnyEvent) -> None:
        """Puts the event on disk, then into the stream."""
        written = await self.journal.write(event)
        self._queue.put_nowait(written)

    async def warn(self, message: str) -> None:
        """Says something that the user should know."""
        await self.emit(Warned(message=message))

    async def save(self, finding: FindingSaved) -> None:
        """Keeps a finding as it stands now."""
        if finding.status not in ("candidate", "dismissed"):
            self.findings[finding.finding_id] = finding
        await self.emit(finding)

    async def _drive(self) -> None:
        await self.emit(self.started)
        failure: BaseException | None = None
        detail = ""
        try:
            await self.work.run(self)
        except asyncio.CancelledError:
            self.stop()
        except FuzzgenError as error:
            failure, self._reason, detail = error, "provider" if error.exit_code == 3 else "failed", str(error)
        if failure is not None:
            for task in self.flying:
                task.cancel()
        await asyncio.gather(*self.flying, return_exceptions=True)
        await self.work.close(self)
        await self.emit(
            RunFinished(
                reason=self._reason or "budget",
                episodes=self.episodes,
                findings=len(self.findings),
                prompt_tokens=self.meter.prompt_tokens,
                completion_tokens=self.meter.completion_tokens,
                cost_usd=self.meter.cost_usd,
                seconds=self.past.seconds + self.clock() - self._begun,
                detail=detail,
            )
        )
        if failure is not None:
            raise failure

    def name_of(self, order: Order) -> str:
        """The id of an episode: the same whenever this run orders the same trial again."""
        trial = order.trial
        name = [self.run_id, order.rendering.rendering_id, trial.phase, trial.replicate]
        if trial.phase in ("shrink", "certify"):  # forms may differ in what no text shows; their trials are their own
            name += [order.finding_id, order.scenario.scenario_id, trial.seed]
        return content_hash(name)

    async def launch(self, order: Order) -> asyncio.Task[EpisodeJudged]:
        """Starts an episode where there is room; waits for room first. What is announced is on disk."""
        await self.room.acquire()
        scenario, rendering, trial = order.scenario, order.rendering, order.trial
        episode_id = self.name_of(order)
        self.shares[order.sampler if trial.phase == "explore" else trial.phase] += 1
        if scenario.scenario_id not in self.past.scenarios:
            self.past.scenarios.add(scenario.scenario_id)
            await self.emit(ScenarioSampled(scenario=scenario, rendering=rendering, sampler=order.sampler))
        if episode_id not in self.past.started:
            self.past.started.add(episode_id)
            await self.emit(
                EpisodeStarted(
                    episode_id=episode_id,
                    launch=order.launch,
                    scenario_id=scenario.scenario_id,
                    rendering_id=rendering.rendering_id,
                    phase=trial.phase,
                    sampler=order.sampler,
                    replicate=trial.replicate,
                    seed=trial.seed,
                    finding_id=order.finding_id,
                )
            )
        task = asyncio.create_task(self._episode(order, episode_id))
        self.flying.add(task)
        task.add_done_callback(self._landed)
        return task

    def _landed(self, task: asyncio.Task[EpisodeJudged]) -> None:
        self.flying.discard(task)
        self.room.release()
        if not task.cancelled():
            task.exception()  # whoever waits for it hears of it; a straggler's trouble shows in the next event

    async def _episode(self, order: Order, episode_id: str) -> EpisodeJudged:
        if episode_id in self.past.judged:
            judged = self.past.judged[episode_id]
            self._count(judged)
            self.meter.add_totals(judged.prompt_tokens, judged.completion_tokens, judged.cached_tokens, judged.cost_usd)
            return judged

        def known(key: str) -> Reply | None:
            return self.past.replies.get((episode_id, key))

        async def on_reply(step: int, key: str, reply: Reply) -> None:
            await self.emit(ModelReplied(episode_id=episode_id, step=step, key=key, reply=reply))

        scenario, rendering = order.scenario, order.rendering
        episode = await run_episode(
            scenario,
            rendering,
            self.target,
            order.trial,
            step_cap=self.plan.step_cap,
            known=known,
            on_reply=on_reply,
        )
        usage = episode.usage
        self.meter.add_totals(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.cost_usd)
        assessment = judge_by_rules(scenario.facts, episode.transcript, directory=rendering.directory)
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
        self._count(judged)
        self._watch(assessment.outcome == "error", episode.error)
        await self.emit(judged)
        return judged

    def _count(self, judged: EpisodeJudged) -> None:
        self.episodes += 1
        first = judged.assessments[0]
        self.failed += first.outcome == "error"
        if first.outcome in ("invalid", "error"):
            self.missing[first.reason or first.outcome] += 1

    def _watch(self, failed: bool, error: str) -> None:
        if not failed:
            self._fine += 1
            return
        self._errors += 1
        self._last_error = error
        if not self._fine and self._errors >= FIRST_CALLS:
            self.stop("provider")

    def require_provider(self) -> None:
        """Raises ProviderError where nothing but failures came back since the beginning."""
        if self._reason == "provider" and not self._fine:
            raise ProviderError(
                f"the first {self._errors} episodes all failed: {self._last_error}",
                fix="check the model's name, its key and --api-base",
            )
