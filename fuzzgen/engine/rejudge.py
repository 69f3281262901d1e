"""Stored episodes before other judges: nothing is asked of the target, and what earlier judges said stays.

It is a run of its own with its own journal. Every answer is on disk, one by one as it arrives, before anything rests on
it; what journals of earlier runs hold is not asked again, however these ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fuzzgen import __version__
from fuzzgen.engine.run import FIRST_CALLS
from fuzzgen.engine.upkeep import Feed, fed, interrupts
from fuzzgen.judge.model import Judgement, judge_by_model, judge_name
from fuzzgen.judge.panel import panel_of
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.events import AnyEvent, EpisodeRejudged, RunFinished, RunStarted, StopReason
from fuzzgen.scenario.verdict import Assessment
from fuzzgen.store.ingest import Projector
from fuzzgen.store.journal import Journal, journal_path
from fuzzgen.store.judged import StoredEpisode, earlier_answers, episodes_to_judge, read_episodes
from fuzzgen.target.port import Target
from fuzzgen.target.spend import Meter

__all__ = ["Rejudged", "Tally", "rejudge"]

CHUNK = 200  # episodes read in one turn at the database


@dataclass
class Tally:
    """What one judge gave in this run: verdicts, answers from which nothing follows, and calls without an answer.

    The last are no verdicts: they are asked again another time. `answered` counts calls; an episode that nobody can
    judge is invalid without one. `misfit` and `failure` are the last reasons.
    """

    valid: int = 0
    invalid: int = 0
    failed: int = 0
    answered: int = 0
    misfit: str = ""
    failure: str = ""

    @property
    def dead(self) -> bool:
        """Whether it is not asked any more: its first calls failed, all of them."""
        return not self.answered and self.failed >= FIRST_CALLS

    def count(self, judgement: Judgement) -> None:
        """Adds one."""
        said = judgement.assessment
        if said.outcome == "error":
            self.failed += 1
            self.failure = said.reason
            return
        self.answered += judgement.calls
        if said.outcome == "invalid":
            self.invalid += 1
            self.misfit = said.reason
        else:
            self.valid += 1


@dataclass
class Rejudged:
    """What a re-judging did: episodes that all judges have judged now, of those that waited; why it stopped; its cost.

    `problems` says what kept answers out of the database; they are in the journal, and the next run takes them in.
    """

    run_id: str
    waiting: int
    meter: Meter
    judges: Mapping[str, Tally]
    episodes: int = 0
    reason: StopReason = "answered"
    problems: list[str] = field(default_factory=list)

    @property
    def unanswered(self) -> str:
        """The reason for which no call was answered; empty where one was, or none was made."""
        if any(t.answered for t in self.judges.values()):
            return ""
        return next((t.failure for t in self.judges.values() if t.failed), "")


async def rejudge(
    db: Path,
    judges: Sequence[Target],
    meter: Meter,
    *,
    concurrency: int = 8,
    notice: Callable[[str], None] = lambda _text: None,
) -> Rejudged:
    """Judges every stored episode that these judges have not judged yet, to the end, a cap of the meter, or Ctrl-C.

    `notice` hears what somebody who presses Ctrl-C should know. Raises StorageError, and TargetError for a judge that is
    misconfigured; what was judged before that is kept.
    """
    names = [judge_name(j.name) for j in judges]
    known = earlier_answers(db)
    ids = [i for i in episodes_to_judge(db, names) if not all((i, n) in known for n in names)]
    now = datetime.now(UTC)
    run_id = now.strftime("j%y%m%d-%H%M%S-") + content_hash([names, now.isoformat()])[:4]
    begun = time.monotonic()
    done = Rejudged(run_id, len(ids), meter, {n: Tally() for n in names})
    started = RunStarted(
        run_id=run_id,
        command="judge",
        model=", ".join(j.name for j in judges),
        grammars=(),
        seed=0,
        budget=len(ids),
        parameters={"judges": names},
        fuzzgen_version=__version__,
        hypothesis_version="",
    )
    with Journal(journal_path(db, run_id)) as journal:
        async with fed(Projector(db)) as feed:
            sitting = _Sitting(judges, known, journal, feed, done)
            await sitting.emit(started)
            try:
                with interrupts(sitting, notice):
                    await sitting.hear(_read(db, ids, feed), concurrency)
            finally:
                await sitting.emit(
                    RunFinished(
                        reason=done.reason,
                        episodes=done.episodes,
                        findings=0,
                        prompt_tokens=meter.prompt_tokens,
                        completion_tokens=meter.completion_tokens,
                        cost_usd=meter.cost_usd,
                        seconds=time.monotonic() - begun,
                        detail=done.unanswered,
                    )
                )
        done.problems = feed.problems
    return done


async def _read(db: Path, ids: Sequence[str], feed: Feed) -> AsyncIterator[StoredEpisode]:
    for start in range(0, len(ids), CHUNK):
        async with feed.turn:
            chunk = await asyncio.to_thread(read_episodes, db, ids[start : start + CHUNK])
        for episode in chunk:
            yield episode


class _Sitting:
    """Puts episodes before the judges, several at a time."""

    def __init__(
        self,
        judges: Sequence[Target],
        known: Mapping[tuple[str, str], Assessment],
        journal: Journal,
        feed: Feed,
        done: Rejudged,
    ) -> None:
        self.judges, self.known, self.journal, self.feed, self.done = judges, known, journal, feed, done
        self.stopping = False
        self._killed = False
        self._calls: set[asyncio.Task[Judgement]] = set()
        self._failure: BaseException | None = None

    def stop(self, reason: StopReason = "interrupted") -> None:
        """Asks nothing more; what is in flight is waited for and kept."""
        if not self.stopping:
            self.stopping, self.done.reason = True, reason

    def kill(self) -> None:
        """Cancels what is in flight. Every answer that has arrived is kept."""
        self.stop()
        self._killed = True
        for call in self._calls:
            call.cancel()

    async def emit(self, event: AnyEvent) -> None:
        """Puts the event on disk, and from there into the database."""
        written = await self.journal.write(event)
        self.feed.waiting.append(written)  # only now: the feed may have taken its list away meanwhile

    async def hear(self, episodes: AsyncIterator[StoredEpisode], concurrency: int) -> None:
        """Judges them, until there are no more or it is stopped. Raises what ended it, when nothing is in flight."""
        room = asyncio.Semaphore(concurrency)
        flying: set[asyncio.Task[None]] = set()

        def landed(task: asyncio.Task[None]) -> None:
            flying.discard(task)
            room.release()
            if not task.cancelled() and (failure := task.exception()) is not None:
                self._failure = self._failure or failure
                self.stop("failed")

        try:
            async for episode in episodes:
                await room.acquire()
                if cap := self.done.meter.reached():
                    self.stop(cap)
                if self.stopping:
                    break
                task = asyncio.create_task(self._episode(episode))
                flying.add(task)
                task.add_done_callback(landed)
            if flying:
                await asyncio.wait(flying)
        finally:
            for task in flying:
                task.cancel()
            await asyncio.gather(*flying, return_exceptions=True)
        if self._failure is not None:
            raise self._failure
        if self.done.unanswered:
            self.stop("provider")

    async def _episode(self, episode: StoredEpisode) -> None:
        names = [judge_name(j.name) for j in self.judges]
        given = {
            n: Judgement(self.known[episode.episode_id, n]) for n in names if (episode.episode_id, n) in self.known
        }
        asked = [j for n, j in zip(names, self.judges, strict=True) if n not in given and not self.done.judges[n].dead]

        async def one(judge: Target) -> None:
            judgement = await self._ask(episode, judge)
            if judgement is None:
                return
            given[judge_name(judge.name)] = judgement
            await self.emit(_event(episode, judgement, [given[n] for n in names] if len(given) == len(names) else []))
            self._count(judge_name(judge.name), judgement)

        failed = [f for f in await asyncio.gather(*map(one, asked), return_exceptions=True) if f is not None]
        if failed:
            raise failed[0]
        if len(given) == len(names) and all(g.assessment.outcome != "error" for g in given.values()):
            self.done.episodes += 1

    async def _ask(self, episode: StoredEpisode, judge: Target) -> Judgement | None:
        """None where it was cancelled."""
        if self._killed:
            return None
        call = asyncio.create_task(judge_by_model(episode.facts, episode.transcript, judge))
        self._calls.add(call)
        try:
            await asyncio.wait([call])
        finally:
            self._calls.discard(call)
            call.cancel()
        return None if call.cancelled() else call.result()

    def _count(self, name: str, judgement: Judgement) -> None:
        usage = judgement.usage
        self.done.meter.add_totals(
            usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.cost_usd, calls=judgement.calls
        )
        self.done.judges[name].count(judgement)
        if all(t.dead for t in self.done.judges.values()):
            self.stop("provider")


def _event(episode: StoredEpisode, judgement: Judgement, whole: Sequence[Judgement]) -> EpisodeRejudged:
    """One judge's answer; with the last of several that of the panel. What failed is no answer."""
    kept = () if judgement.assessment.outcome == "error" else (judgement.assessment,)
    if len(whole) > 1 and all(g.assessment.outcome != "error" for g in whole):
        kept = (*kept, panel_of(episode.facts, whole).combined)
    return EpisodeRejudged(
        episode_id=episode.episode_id,
        assessments=kept,
        prompt_tokens=judgement.usage.prompt_tokens,
        completion_tokens=judgement.usage.completion_tokens,
        cost_usd=judgement.usage.cost_usd,
    )
