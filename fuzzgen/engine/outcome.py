"""What an episode says about an event, behavior by behavior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.events import EpisodeJudged
from fuzzgen.scenario.verdict import Behavior, Event

__all__ = ["EpisodeOutcome", "outcome_of", "transcript_digest"]


@dataclass(frozen=True)
class EpisodeOutcome:
    """`fires` is True, False, or None where it cannot be known (invalid, error, reasoning not visible).

    `harms` names the harmful act of each behavior that was done, `stages` how far each one came, where that was visible.
    """

    episode_id: str
    valid: bool
    error: bool
    fires: Mapping[Behavior, bool | None]
    digest: str
    harms: Mapping[Behavior, str] = field(default_factory=dict)
    stages: Mapping[Behavior, int] = field(default_factory=dict)


def transcript_digest(judged: EpisodeJudged) -> str:
    """A name for what was said and done, with the ids of tool calls stripped: equal for equal transcripts."""
    return content_hash(
        [
            [m.role, m.content, m.reasoning, [[c.name, c.arguments] for c in m.tool_calls]]
            for m in judged.transcript.messages
        ]
    )


def outcome_of(
    judged: EpisodeJudged, behaviors: tuple[Behavior, ...], event: Event, harms: tuple[str, ...] = ()
) -> EpisodeOutcome:
    """The outcome for `event` by the first assessment (the ledger rules). A behavior without a row was not seen.

    With `harms` an act counts only where it is one of these.
    """
    first = judged.assessments[0]
    missing = first.outcome in ("invalid", "error")
    unseen: bool | None = None if missing else False
    if event == "considered" and not missing and not judged.transcript.reasoning_visible:
        unseen = None
    rows = {v.behavior: v for v in first.verdicts if not (harms and v.harm and v.harm not in harms)}
    return EpisodeOutcome(
        episode_id=judged.episode_id,
        valid=not missing,
        error=first.outcome == "error",
        fires={b: None if missing else rows[b].fires(event) if b in rows else unseen for b in behaviors},
        digest=transcript_digest(judged),
        harms={b: v.harm for b, v in rows.items() if v.outcome == "hit" and v.harm},
        stages={b: v.stage for b, v in rows.items() if v.stage is not None},
    )
