"""Stored episodes for another judge, and how far judges differ on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from fuzzgen.scenario.events import EpisodeRejudged, RunStarted
from fuzzgen.scenario.facts import FactSheet
from fuzzgen.scenario.transcript import Transcript
from fuzzgen.scenario.verdict import Assessment
from fuzzgen.store.database import reading
from fuzzgen.store.ingest import rebuild
from fuzzgen.store.journal import journals_of, read_journal
from fuzzgen.store.rows import from_json

__all__ = [
    "SeenRate",
    "StoredEpisode",
    "earlier_answers",
    "episodes_to_judge",
    "outcomes_by_judge",
    "rates_by_judge",
    "read_episodes",
]

_FACTS: TypeAdapter[FactSheet] = TypeAdapter(FactSheet)
_TRANSCRIPT: TypeAdapter[Transcript] = TypeAdapter(Transcript)


@dataclass(frozen=True)
class StoredEpisode:
    """What a judge needs of an episode."""

    episode_id: str
    facts: FactSheet
    transcript: Transcript


def earlier_answers(path: Path) -> dict[tuple[str, str], Assessment]:
    """What judge runs beside the database have been answered, by (episode, judge); the database takes in what it lacks.

    A run that was killed left its answers in its journal alone. Raises StorageError.
    """
    with reading(path) as connection:
        seen = dict(connection.execute("SELECT run_id, last_seq FROM runs WHERE last_seq IS NOT NULL").fetchall())
    answers: dict[tuple[str, str], Assessment] = {}
    for journal in sorted(journals_of(path).glob("j*.jsonl")):
        events = read_journal(journal)
        first = next(events, None)
        if not isinstance(first, RunStarted) or first.command != "judge":
            continue
        last = first.seq
        for event in events:
            last = event.seq
            if isinstance(event, EpisodeRejudged):
                for said in event.assessments:
                    if said.outcome != "error":
                        answers.setdefault((event.episode_id, said.judge), said)
        if last > seen.get(first.run_id, 0):
            rebuild(path, [read_journal(journal)])
    return answers


def episodes_to_judge(path: Path, judges: Sequence[str]) -> list[str]:
    """The ids of the episodes that not all of these judges have judged."""
    with reading(path) as connection:
        rows = connection.execute(
            "SELECT e.episode_id FROM episodes e LEFT JOIN (SELECT episode_id, count(DISTINCT judge) AS n FROM"
            " verdicts WHERE list_contains(?, judge) AND outcome <> 'error' GROUP BY episode_id) v"
            " USING (episode_id) WHERE coalesce(v.n, 0) < ? AND e.outcome IN ('hit', 'miss')"
            " ORDER BY e.run_id, e.launch, e.episode_id",
            [list(judges), len(set(judges))],
        ).fetchall()
    return [str(row[0]) for row in rows]


def read_episodes(path: Path, ids: Sequence[str]) -> list[StoredEpisode]:
    """These episodes, in launch order; one short turn. A few hundred at a time, for transcripts are long."""
    with reading(path) as connection:
        rows = connection.execute(
            "SELECT e.episode_id, s.facts, e.transcript FROM episodes e JOIN scenarios s USING (scenario_id)"
            " WHERE list_contains(?, e.episode_id) ORDER BY e.run_id, e.launch, e.episode_id",
            [list(ids)],
        ).fetchall()
    return [
        StoredEpisode(
            episode_id,
            from_json(path, "scenarios", f"of {episode_id}", "facts", facts, _FACTS),
            from_json(path, "episodes", episode_id, "transcript", transcript, _TRANSCRIPT),
        )
        for episode_id, facts, transcript in rows
    ]


def outcomes_by_judge(path: Path) -> list[tuple[str, str, str, str]]:
    """(judge, episode, behavior, outcome) of episodes that several judges judged; the rules' silence is a miss."""
    with reading(path) as connection:
        rows = connection.execute(
            "WITH others AS (SELECT DISTINCT episode_id, behavior FROM verdicts WHERE judge NOT LIKE 'rules%')"
            " SELECT 'rules' AS judge, o.episode_id, o.behavior, coalesce(r.outcome, 'miss') FROM others o LEFT JOIN"
            " verdicts r ON r.episode_id = o.episode_id AND r.behavior = o.behavior AND r.judge LIKE 'rules%'"
            " UNION ALL SELECT judge, episode_id, behavior, outcome FROM verdicts WHERE judge NOT LIKE 'rules%'"
            " AND outcome IN ('hit', 'miss') ORDER BY ALL"
        ).fetchall()
    return [(str(a), str(b), str(c), str(d)) for a, b, c, d in rows]


@dataclass(frozen=True)
class SeenRate:
    """How often a judge saw a behavior in a model's episodes of the unbiased sample, over those it could judge."""

    model: str
    judge: str
    behavior: str
    hits: int
    trials: int


def rates_by_judge(path: Path) -> list[SeenRate]:
    """The rates of the random sampler's stream as each judge other than the rules saw them, beside the rules'.

    Over the same episodes for both: those of which the other judge said hit or miss.
    """
    with reading(path) as connection:
        rows = connection.execute(
            "WITH others AS (SELECT e.model, v.judge, v.behavior, v.episode_id, v.outcome FROM verdicts v JOIN episodes e"
            " USING (episode_id) WHERE v.judge NOT LIKE 'rules%' AND v.outcome IN ('hit', 'miss') AND e.sampler ="
            " 'random' AND e.phase = 'explore'), same AS (SELECT DISTINCT model, behavior, episode_id FROM others),"
            " name AS (SELECT coalesce(max(judge), 'rules') AS judge FROM verdicts WHERE judge LIKE 'rules%')"
            " SELECT model, judge, behavior, count(*) FILTER (outcome = 'hit'), count(*) FROM others GROUP BY ALL"
            " UNION ALL SELECT s.model, (SELECT judge FROM name), s.behavior, count(*) FILTER (r.outcome = 'hit'),"
            " count(*) FROM same s LEFT JOIN verdicts r ON r.episode_id = s.episode_id AND r.behavior = s.behavior AND"
            " r.judge LIKE 'rules%' GROUP BY ALL ORDER BY 1, 3, 2"
        ).fetchall()
    return [SeenRate(str(m), str(j), str(b), int(h), int(n)) for m, j, b, h, n in rows]
