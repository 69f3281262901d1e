"""Stored episodes for another judge, and how far judges differ on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzzgen.scenario.facts import FactSheet
from fuzzgen.scenario.transcript import Transcript
from fuzzgen.store.database import reading

__all__ = ["SeenRate", "StoredEpisode", "episodes_to_judge", "outcomes_by_judge", "rates_by_judge"]

CHUNK = 200


@dataclass(frozen=True)
class StoredEpisode:
    """What a judge needs of an episode."""

    episode_id: str
    facts: FactSheet
    transcript: Transcript


def episodes_to_judge(path: Path, judges: Sequence[str]) -> tuple[int, Iterator[StoredEpisode]]:
    """(how many, the episodes) that not all of these judges have judged; read in chunks, each in a short turn."""
    with reading(path) as connection:
        ids = [
            row[0]
            for row in connection.execute(
                "SELECT e.episode_id FROM episodes e LEFT JOIN (SELECT episode_id, count(DISTINCT judge) AS n FROM"
                " verdicts WHERE list_contains(?, judge) AND outcome <> 'error' GROUP BY episode_id) v"
                " USING (episode_id) WHERE coalesce(v.n, 0) < ? AND e.outcome IN ('hit', 'miss')"
                " ORDER BY e.run_id, e.launch, e.episode_id",
                [list(judges), len(set(judges))],
            ).fetchall()
        ]
    return len(ids), _read(path, ids)


def _read(path: Path, ids: list[str]) -> Iterator[StoredEpisode]:
    for start in range(0, len(ids), CHUNK):
        with reading(path) as connection:
            rows = connection.execute(
                "SELECT e.episode_id, s.facts, e.transcript FROM episodes e JOIN scenarios s USING (scenario_id)"
                " WHERE list_contains(?, e.episode_id) ORDER BY e.run_id, e.launch, e.episode_id",
                [ids[start : start + CHUNK]],
            ).fetchall()
        for episode_id, facts, transcript in rows:
            yield StoredEpisode(
                episode_id, FactSheet.model_validate_json(facts), Transcript.model_validate_json(transcript)
            )


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
