"""Model judges on labeled episodes: the same calls as on stored ones, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fuzzgen.bench.judge_corpus import Labeled
from fuzzgen.judge.agreement import alpha
from fuzzgen.judge.model import judge_name
from fuzzgen.judge.panel import PanelJudgement, judge_by_panel
from fuzzgen.scenario.verdict import Assessment
from fuzzgen.target.port import Target
from fuzzgen.target.spend import Meter

__all__ = ["Measured", "by_models"]


@dataclass(frozen=True)
class Measured:
    """What the panel said of each episode, what it cost, and how far its judges agree (None for one judge)."""

    name: str
    assessments: tuple[Assessment, ...]
    meter: Meter
    alpha: float | None


async def by_models(episodes: Sequence[Labeled], judges: Sequence[Target], *, concurrency: int = 8) -> Measured:
    """All judges on all episodes. Raises TargetError for a judge that is misconfigured."""
    room = asyncio.Semaphore(concurrency)

    async def one(episode: Labeled) -> PanelJudgement:
        async with room:
            return await judge_by_panel(episode.facts, episode.transcript, judges)

    said = await asyncio.gather(*(one(e) for e in episodes))
    meter = Meter()
    for panel in said:
        for one_judge in panel.given:
            usage = one_judge.usage
            meter.add_totals(
                usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.cost_usd, calls=one_judge.calls
            )
    words = [
        (row.judge, (episode.episode.id, row.behavior), row.outcome)
        for episode, panel in zip(episodes, said, strict=True)
        for assessment in panel.single
        for row in assessment.verdicts
        if row.outcome in ("hit", "miss")
    ]
    names = [judge_name(j.name) for j in judges]
    name = names[0] if len(names) == 1 else said[0].combined.judge if said else ""
    return Measured(name, tuple(p.combined for p in said), meter, alpha(words) if len(names) > 1 else None)
