"""What the command line asks of the database, as plain rows that were checked. Raises StorageError for damaged ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from fuzzgen.errors import UnknownName
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.transcript import Transcript
from fuzzgen.scenario.verdict import Evidence
from fuzzgen.store.database import reading
from fuzzgen.store.rows import (
    FindingRow,
    RateRow,
    RenderingRow,
    StepRow,
    VerdictRow,
    checked,
    damaged,
    from_json,
    stored_scenario,
)

__all__ = [
    "all_findings",
    "certificate_of",
    "episodes_of",
    "exercised",
    "find_finding",
    "harms_of",
    "parameters_of",
    "rendered_text",
    "scenario_of",
    "verdicts_of",
]

Row = dict[str, Any]
_OBJECT: TypeAdapter[Row] = TypeAdapter(dict[str, Any])
_LIST: TypeAdapter[list[Any]] = TypeAdapter(list[Any])
_NAMES: TypeAdapter[list[str]] = TypeAdapter(list[str])
_EVIDENCE: TypeAdapter[tuple[Evidence, ...]] = TypeAdapter(tuple[Evidence, ...])
_TRANSCRIPT: TypeAdapter[Transcript] = TypeAdapter(Transcript)


def _rows(path: Path, sql: str, parameters: list[object]) -> list[Row]:
    with reading(path) as connection:
        cursor = connection.execute(sql, parameters)
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def all_findings(path: Path, *, dismissed: bool = False) -> list[Row]:
    """Findings, best first; candidates and dismissed ones only on request."""
    where = "" if dismissed else "WHERE status NOT IN ('dismissed', 'candidate')"
    rows = _rows(path, f"SELECT * FROM finding_summary {where} ORDER BY rate DESC NULLS LAST, created_at", [])
    for row in rows:
        checked(path, "findings", row["finding_id"], row, RateRow)
    return rows


def find_finding(path: Path, wanted: str) -> Row:
    """The finding with this id or unique prefix. Raises UnknownName with the nearest ids."""
    rows = _rows(path, "SELECT * FROM findings WHERE starts_with(finding_id, ?)", [wanted])
    if len(rows) != 1 or not wanted:
        known = [r["finding_id"] for r in _rows(path, "SELECT finding_id FROM findings", [])]
        raise UnknownName("finding", wanted, known, fix="" if known else "the database has no findings yet")
    row = rows[0]
    checked(path, "findings", row["finding_id"], row, FindingRow)
    if row["status"] == "certified" and row["delta"] is None:
        raise damaged(path, "findings", row["finding_id"], "delta: a certificate has one")
    return row


def certificate_of(path: Path, finding_id: str, run_id: str | None = None) -> list[Row]:
    """The certificate's rows, then those of the twin, of a finding's newest reduction (or of that in `run_id`)."""
    rows = _rows(
        path,
        "SELECT s.* FROM shrink_steps s JOIN runs r USING (run_id) WHERE finding_id = ? AND (? IS NULL OR run_id = ?)"
        " AND purpose IN ('certificate', 'twin') ORDER BY r.started_at DESC, step",
        [finding_id, run_id, run_id],
    )
    newest = _last_conclusion([r for r in rows if r["run_id"] == rows[0]["run_id"]]) if rows else []
    for r in newest:
        checked(path, "shrink_steps", finding_id, r, StepRow)
        if r["hits"] > r["trials"]:
            raise damaged(path, "shrink_steps", finding_id, "hits: there are more than trials")
    return [
        {**r, "removed": from_json(path, "shrink_steps", finding_id, "removed", r["removed"], _NAMES)} for r in newest
    ]


def _last_conclusion(rows: list[Row]) -> list[Row]:
    """The rows of the last of several conclusions: a reduction that is resumed goes on, and concludes again.

    They are the last steps in a row; of one change that stands there twice, the later counts.
    """
    kept: dict[tuple[object, ...], Row] = {}
    after = None
    for row in reversed(rows):
        if after is not None and row["step"] != after - 1:
            break
        after = row["step"]
        side = row["decision"] if row["purpose"] == "twin" else ""
        kept.setdefault((row["purpose"], side, row["move"]), row)
    return sorted(kept.values(), key=lambda r: int(r["step"]))


def harms_of(path: Path, scenario_id: str, model: str, behavior: str) -> tuple[str, ...]:
    """Ids of the harmful acts that a model was seen to do in a scenario."""
    rows = _rows(
        path,
        "SELECT DISTINCT v.harm FROM verdicts v JOIN episodes e USING (episode_id) WHERE e.scenario_id = ?"
        " AND e.model = ? AND v.behavior = ? AND v.outcome = 'hit' AND v.harm <> '' ORDER BY 1",
        [scenario_id, model, behavior],
    )
    return tuple(r["harm"] for r in rows)


def parameters_of(path: Path, run_id: str) -> Row:
    """What a run was told; empty where it is not known."""
    rows = _rows(path, "SELECT parameters FROM runs WHERE run_id = ?", [run_id])
    return from_json(path, "runs", run_id, "parameters", rows[0]["parameters"], _OBJECT) if rows else {}


def scenario_of(path: Path, scenario_id: str) -> Scenario:
    """A stored scenario. Raises UnknownName, StorageError."""
    rows = _rows(path, "SELECT scenario FROM scenarios WHERE scenario_id = ?", [scenario_id])
    if not rows:
        raise UnknownName("scenario", scenario_id, [])
    return stored_scenario(path, scenario_id, rows[0]["scenario"])


def exercised(path: Path, grammar: str) -> Iterator[Scenario]:
    """The scenarios of a grammar in which some episode was played out: a hit or a miss."""
    with reading(path) as connection:
        cursor = connection.execute(
            "SELECT scenario_id, scenario FROM scenarios s WHERE grammar = ? AND EXISTS (SELECT 1 FROM episodes e"
            " WHERE e.scenario_id = s.scenario_id AND e.outcome IN ('hit', 'miss')) ORDER BY scenario_id",
            [grammar],
        )
        while rows := cursor.fetchmany(1000):
            yield from (stored_scenario(path, name, text) for name, text in rows)


def episodes_of(path: Path, scenario_id: str, model: str) -> list[Row]:
    """All episodes of a scenario against a model, hits first, with their transcripts as JSON values."""
    rows = _rows(
        path,
        "SELECT * FROM episodes WHERE scenario_id = ? AND model = ? ORDER BY outcome <> 'hit', phase <> 'explore', launch",
        [scenario_id, model],
    )
    return [
        {
            **r,
            "transcript": from_json(
                path, "episodes", r["episode_id"], "transcript", r["transcript"], _TRANSCRIPT
            ).model_dump(mode="json"),
        }
        for r in rows
    ]


def deliberation_of(path: Path, scenario_ids: tuple[str, ...], model: str, behavior: str) -> list[Row]:
    """thought × did × aware over all valid episodes of these scenarios, for one behavior by each judge."""
    return _rows(
        path,
        "SELECT judge, CASE WHEN stage IS NULL THEN 'not visible' WHEN stage >= 3 THEN 'considered' ELSE 'not considered'"
        " END AS thought, CASE WHEN outcome = 'hit' THEN 'did' WHEN declined THEN 'declined' ELSE 'did not' END AS did,"
        " aware, count(*) AS episodes FROM judged_episodes WHERE list_contains(?, scenario_id) AND model = ? AND"
        " behavior = ? AND outcome IN ('hit', 'miss') GROUP BY ALL ORDER BY judge, episodes DESC, thought",
        [list(scenario_ids), model, behavior],
    )


def rendered_text(path: Path, scenario_id: str) -> str:
    """Everything that a model can read in a scenario's stored rendering; empty where none is stored."""
    rows = _rows(path, "SELECT messages, tools, items FROM renderings WHERE scenario_id = ? LIMIT 1", [scenario_id])
    if not rows:
        return ""
    row = {name: from_json(path, "renderings", scenario_id, name, text, _LIST) for name, text in rows[0].items()}
    checked(path, "renderings", scenario_id, row, RenderingRow)
    parts = [m["content"] for m in row["messages"]]
    parts += [f"tool {t['function']['name']}: {t['function']['description']}" for t in row["tools"]]
    if row["tools"]:  # without tools everything stands in the messages
        parts += [f"[{i['id']}] {i['title']}\n{i['body']}" for i in row["items"]]
    return "\n\n".join(parts)


def verdicts_of(path: Path, episode_id: str) -> list[Row]:
    """The verdicts on an episode, with their evidence as JSON values."""
    rows = _rows(path, "SELECT * FROM verdicts WHERE episode_id = ? ORDER BY stage DESC NULLS LAST", [episode_id])
    for r in rows:
        checked(path, "verdicts", episode_id, r, VerdictRow)
        found = from_json(path, "verdicts", episode_id, "evidence", r["evidence"], _EVIDENCE)
        r["evidence"] = [e.model_dump(mode="json") for e in found]
    return rows
