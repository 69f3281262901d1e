"""What a journal already holds of a run: taken as it is when the run is resumed, so that nothing is paid for twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from fuzzgen.scenario.events import (
    AnyEvent,
    EpisodeJudged,
    EpisodeStarted,
    FindingSaved,
    ModelReplied,
    RunFinished,
    RunStarted,
    ScenarioSampled,
)
from fuzzgen.scenario.transcript import Reply

__all__ = ["Past"]


@dataclass
class Past:
    """Judged episodes by id, replies by (episode, call key), what was announced before, and the seconds spent.

    The seconds are those of all its sittings, also of one that ended without a word.

    Replies that failed are not kept: a provider that was down may be up again. A judged episode whose outcome is "error"
    counts as it was counted, so that the run goes on from the decisions it had made.
    """

    first: RunStarted | None = None
    judged: dict[str, EpisodeJudged] = field(default_factory=dict)
    replies: dict[tuple[str, str], Reply] = field(default_factory=dict)
    scenarios: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    findings: dict[str, FindingSaved] = field(default_factory=dict)
    seconds: float = 0.0
    finished: bool = False

    @classmethod
    def of(cls, events: Iterable[AnyEvent]) -> Past:
        """Reads a journal from its start."""
        past = cls()
        begun = last = previous = ""  # of a sitting that has not ended with a RunFinished, and of its last sign of life
        for event in events:
            last = event.at or last
            match event:
                case RunStarted():
                    past.first = past.first or event
                    past.finished = False
                    past.seconds += _between(begun, previous)
                    begun = event.at
                case ScenarioSampled():
                    past.scenarios.add(event.scenario.scenario_id)
                case EpisodeStarted():
                    past.started.add(event.episode_id)
                case ModelReplied() if event.reply.status != "error":
                    past.replies[event.episode_id, event.key] = event.reply
                case EpisodeJudged():
                    past.judged[event.episode_id] = event
                case FindingSaved():
                    past.findings[event.finding_id] = event
                case RunFinished():
                    past.seconds, past.finished = event.seconds, event.reason == "budget"
                    begun = ""
                case _:
                    pass
            previous = last
        past.seconds += _between(begun, last)
        return past


def _between(begun: str, last: str) -> float:
    """Seconds from one time to another; 0 where either is not known."""
    if not begun or not last:
        return 0.0
    return max(0.0, (datetime.fromisoformat(last) - datetime.fromisoformat(begun)).total_seconds())
