"""What factor effects are computed from, and where they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fuzzgen.store.database import reading, writing

__all__ = ["EffectRow", "RandomSample", "random_samples", "replace_effects"]

EffectRow = tuple[str, str, str, str, str, float, float, float, int]

_FACTORS = """
SELECT e.model, e.episode_id, f.factor, f.level FROM episodes e JOIN factors f USING (scenario_id)
WHERE e.sampler = 'random' AND e.phase = 'explore' ORDER BY e.model, e.episode_id, f.factor
"""
_HITS = """
SELECT p.model, b.behavior, x.event, p.episode_id,
       CASE WHEN p.outcome IN ('invalid', 'error') THEN NULL
            WHEN v.outcome = 'hit' THEN TRUE
            WHEN v.stage >= x.least THEN TRUE
            WHEN x.event = 'considered' AND NOT p.reasoning_visible THEN NULL
            ELSE FALSE END
FROM episodes p
CROSS JOIN (SELECT DISTINCT behavior FROM verdicts WHERE judge LIKE 'rules%') b
CROSS JOIN (VALUES ('act', 5), ('attempt', 4), ('considered', 3)) x(event, least)
LEFT JOIN verdicts v ON v.episode_id = p.episode_id AND v.behavior = b.behavior AND v.judge LIKE 'rules%'
WHERE p.sampler = 'random' AND p.phase = 'explore' ORDER BY p.model, b.behavior, x.event, p.episode_id
"""


@dataclass(frozen=True)
class RandomSample:
    """The random stream's episodes of one model: factor levels, and hits by (behavior, event), in one order."""

    model: str
    factors: dict[str, list[str]]
    hits: dict[tuple[str, str], list[bool | None]]


def random_samples(path: Path) -> Iterator[RandomSample]:
    """One sample for each model, by the ledger rules. Where a scenario's grammar has no such factor its level is ""."""
    with reading(path) as connection:
        factors = connection.execute(_FACTORS).fetchall()
        hits = connection.execute(_HITS).fetchall()
    for model in dict.fromkeys(row[0] for row in factors):
        mine = [row for row in factors if row[0] == model]
        place = {episode: i for i, episode in enumerate(dict.fromkeys(row[1] for row in mine))}
        levels = {name: [""] * len(place) for name in dict.fromkeys(row[2] for row in mine)}
        for _, episode, factor, level in mine:
            levels[factor][place[episode]] = level
        seen: dict[tuple[str, str], list[bool | None]] = {}
        for other, behavior, event, episode, hit in hits:
            if other == model and episode in place:
                seen.setdefault((behavior, event), [None] * len(place))[place[episode]] = hit
        yield RandomSample(model, levels, seen)


def replace_effects(path: Path, rows: Iterable[EffectRow]) -> None:
    """Puts these rows in place of all that is there, in one turn."""
    rows = list(rows)
    with writing(path) as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM factor_effects")
        if rows:
            connection.executemany("INSERT INTO factor_effects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
