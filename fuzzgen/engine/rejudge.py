"""Stored episodes before other judges: nothing is asked of the target, and what earlier judges said stays.

It is a run of its own with its own journal, so that the database can be rebuilt with these verdicts too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from fuzzgen import __version__
from fuzzgen.judge.model import judge_name
from fuzzgen.judge.panel import PanelJudgement, judge_by_panel
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.events import AnyEvent, EpisodeRejudged, RunFinished, RunStarted, StopReason
from fuzzgen.store.ingest import Projector
from fuzzgen.store.journal import Journal, journal_path
from fuzzgen.store.judged import StoredEpisode, episodes_to_judge
from fuzzgen.target.port import Target
from fuzzgen.target.spend import Meter

__all__ = ["Rejudged", "rejudge"]

BATCH = 50  # episodes between two turns at the database


@dataclass(frozen=True)
class Rejudged:
    """What a re-judging did: episodes judged of those that waited, why it stopped, and what it cost."""

    run_id: str
    episodes: int
    waiting: int
    reason: StopReason
    meter: Meter
    differ: int  # episodes on which the judges of this panel were not unanimous


async def rejudge(
    db: Path,
    judges: Sequence[Target],
    meter: Meter,
    *,
    concurrency: int = 8,
    on_progress: Callable[[int, int], None] | None = None,
) -> Rejudged:
    """Judges every stored episode that these judges have not judged yet, until a cap of the meter is reached.

    Raises StorageError, and TargetError for a judge that is misconfigured; what was judged before that is kept.
    """
    names = [judge_name(j.name) for j in judges]
    waiting, episodes = episodes_to_judge(db, names)
    now = datetime.now(UTC)
    run_id = now.strftime("j%y%m%d-%H%M%S-") + content_hash([names, now.isoformat()])[:4]
    begun, done, differ = time.monotonic(), 0, 0
    reason: StopReason = "answered"
    projector = Projector(db)
    with Journal(journal_path(db, run_id)) as journal:
        pending: list[AnyEvent] = [
            await journal.write(
                RunStarted(
                    run_id=run_id,
                    command="judge",
                    model=", ".join(j.name for j in judges),
                    grammars=(),
                    seed=0,
                    budget=waiting,
                    parameters={"judges": names},
                    fuzzgen_version=__version__,
                    hypothesis_version="",
                )
            )
        ]
        try:
            while True:
                batch = list(islice(episodes, concurrency))
                if not batch:
                    break
                if cap := meter.reached():
                    reason = cap
                    break
                judged = await asyncio.gather(*(judge_by_panel(e.facts, e.transcript, judges) for e in batch))
                for episode, said in zip(batch, judged, strict=True):
                    pending.append(await journal.write(_event(episode, said)))
                    usage = said.usage
                    meter.add_totals(
                        usage.prompt_tokens,
                        usage.completion_tokens,
                        usage.cached_tokens,
                        usage.cost_usd,
                        calls=said.calls,
                    )
                    differ += bool(said.differ)
                done += len(batch)
                if len(pending) >= BATCH:
                    projector.ingest(pending)
                    pending = []
                if on_progress:
                    on_progress(done, waiting)
        finally:
            pending.append(
                await journal.write(
                    RunFinished(
                        reason=reason,
                        episodes=done,
                        findings=0,
                        prompt_tokens=meter.prompt_tokens,
                        completion_tokens=meter.completion_tokens,
                        cost_usd=meter.cost_usd,
                        seconds=time.monotonic() - begun,
                    )
                )
            )
            projector.ingest(pending)
    return Rejudged(run_id, done, waiting, reason, meter, differ)


def _event(episode: StoredEpisode, said: PanelJudgement) -> EpisodeRejudged:
    """What is kept: verdicts and answers that did not fit. A judge that could not be reached is asked another time."""
    failed = any(a.outcome == "error" for a in said.single)
    kept = tuple(a for a in said.single if a.outcome != "error") if failed else said.all
    return EpisodeRejudged(
        episode_id=episode.episode_id,
        assessments=kept,
        prompt_tokens=said.usage.prompt_tokens,
        completion_tokens=said.usage.completion_tokens,
        cost_usd=said.usage.cost_usd,
    )
