"""The database as the projection of the journal: events become rows, in Arrow batches, any number of times.

Ingesting a journal again changes nothing: every row has a key, rows that are there are left alone, and runs and findings
take the newest state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from fuzzgen.scenario.base import canonical_json
from fuzzgen.scenario.events import (
    AnyEvent,
    EpisodeJudged,
    EpisodeRejudged,
    EpisodeStarted,
    FindingSaved,
    RunFinished,
    RunStarted,
    ScenarioSampled,
    ShrinkStep,
)
from fuzzgen.scenario.model import Artifact, BriefLine, Person, Placed, Scenario, Tie
from fuzzgen.scenario.rendering import Rendering
from fuzzgen.scenario.verdict import Assessment
from fuzzgen.store.database import writing

__all__ = ["Projector", "rebuild"]

Row = dict[str, Any]
CHUNK = 4000

# table -> the columns that name a row; rows of one key are written together or not at all
KEYS = {
    "scenarios": "scenario_id",
    "factors": "scenario_id",
    "elements": "scenario_id",
    "renderings": "rendering_id, scenario_id",
    "episodes": "episode_id",
    "actions": "episode_id",
    "verdicts": "episode_id, judge",
    "shrink_steps": "run_id, finding_id, step",
}
# where events may say the same thing twice in one batch: the columns that name one row
ROWS = {
    "scenarios": "scenario_id",
    "factors": "scenario_id, factor",
    "elements": "scenario_id, element_id",
    "renderings": "rendering_id, scenario_id",
}
REPLACED = {"runs": "run_id", "findings": "finding_id"}


class Projector:
    """Puts events into the database at `path`. Remembers what it saw of episodes that are under way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._started: dict[str, EpisodeStarted] = {}
        self._runs: dict[str, Row] = {}
        self._run = ""

    def prepare(self) -> None:
        """Makes the database, or brings it up to date. Raises StorageError where it cannot be used."""
        with writing(self.path):
            pass

    def ingest(self, events: Sequence[AnyEvent]) -> None:
        """Takes the events in, in one short turn. Raises StorageError; the same events may be given again."""
        before = dict(self._started), {name: dict(row) for name, row in self._runs.items()}, self._run
        try:
            self._take(events)
        except BaseException:  # they will be given again, when the database can be had
            self._started, self._runs, self._run = before
            raise

    def remember(self, events: Iterable[AnyEvent]) -> None:
        """Learns from events that are in the database already what those to come rest on: a run that is resumed."""
        for event in events:
            self._project(event, lambda _table, _row: None)

    def _take(self, events: Sequence[AnyEvent]) -> None:
        rows: dict[str, list[Row]] = {}
        seen: set[tuple[str, int]] = set()
        for event in events:
            place = (event.run_id if isinstance(event, RunStarted) else self._run, event.seq)
            if event.seq and place in seen:
                continue
            seen.add(place)
            self._project(event, lambda table, row: rows.setdefault(table, []).append(row))
        if self._run in self._runs:
            rows["runs"] = list(self._runs.values())
        if not rows:
            return
        with writing(self.path) as connection:
            connection.execute("BEGIN")
            for table, new in rows.items():
                _insert(connection, table, new)
            connection.execute("COMMIT")

    def _project(self, event: AnyEvent, add: Callable[[str, Row], None]) -> None:
        match event:
            case RunStarted():
                self._run = event.run_id
                before = self._runs.get(event.run_id)
                self._runs[event.run_id] = _run_row(event) if before is None else {**before, "status": "running"}
            case ScenarioSampled():
                for table, row in _scenario_rows(event.scenario):
                    add(table, row)
                add("renderings", _rendering_row(event.rendering))
            case EpisodeStarted():
                self._started[event.episode_id] = event
            case EpisodeJudged():
                started = self._started.pop(event.episode_id, None)
                if started is not None:
                    for table, row in _episode_rows(event, started, self._runs[self._run]):
                        add(table, row)
            case EpisodeRejudged():
                for row in _verdict_rows(event.episode_id, event.assessments):
                    add("verdicts", row)
            case FindingSaved():
                row = event.model_dump(mode="json", exclude={"seq", "at", "event"})
                row["event"] = row.pop("looking_for")
                add("findings", {**row, "run_id": self._run, "created_at": event.at[:23]})
            case ShrinkStep():
                row = event.model_dump(mode="json", exclude={"seq", "at", "event"})
                add("shrink_steps", {**row, "run_id": self._run, "removed": json.dumps(row["removed"])})
            case RunFinished():
                self._runs[self._run] |= {
                    "status": "finished",
                    "stop_reason": event.reason,
                    "finished_at": event.at[:23],
                }
            case _:
                pass
        if self._run in self._runs:
            self._runs[self._run]["last_seq"] = max(event.seq, self._runs[self._run]["last_seq"])


def rebuild(path: Path, journals: Iterable[Iterable[AnyEvent]]) -> int:
    """Ingests whole journals; the number of events."""
    count = 0
    for journal in journals:
        projector = Projector(path)
        batch: list[AnyEvent] = []
        for event in journal:
            batch.append(event)
            count += 1
            if len(batch) >= CHUNK:
                projector.ingest(batch)
                batch = []
        projector.ingest(batch)
    return count


def _insert(connection: Any, table: str, rows: list[Row]) -> None:
    import pyarrow as pa

    columns = [r[0] for r in connection.execute(f"SELECT * FROM {table} LIMIT 0").description]
    if table in REPLACED:
        rows = list({r[REPLACED[table]]: r for r in rows}.values())
    batch = pa.table({c: pa.array([r.get(c) for r in rows]) for c in columns})
    connection.register("incoming", batch)
    names = ", ".join(columns)
    if table in REPLACED:
        connection.execute(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {names} FROM incoming")
    else:
        key = KEYS[table]
        unique = f" QUALIFY row_number() OVER (PARTITION BY {ROWS[table]}) = 1" if table in ROWS else ""
        same = " AND ".join(f"old.{k} = incoming.{k}" for k in key.split(", "))
        connection.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} old WHERE {same}){unique}"
        )
    connection.unregister("incoming")


def _run_row(event: RunStarted) -> Row:
    return {
        "run_id": event.run_id,
        "command": event.command,
        "model": event.model,
        "parameters": canonical_json(event.parameters),
        "grammar": ", ".join(event.grammars),
        "seed": event.seed,
        "budget": event.budget,
        "status": "running",
        "started_at": event.at[:23],
        "fuzzgen_version": event.fuzzgen_version,
        "hypothesis_version": event.hypothesis_version,
        "config": canonical_json(event.parameters),
        "simulated": event.simulated,
        "last_seq": event.seq,
    }


def _scenario_rows(scenario: Scenario) -> Iterable[tuple[str, Row]]:
    here = scenario.scenario_id
    origin = scenario.provenance
    data = scenario.model_dump(mode="json", exclude={"provenance"})
    yield (
        "scenarios",
        {
            "scenario_id": here,
            "root_id": origin.root_id if origin and origin.root_id else here,
            "parent_id": origin.parent_id if origin else "",
            "grammar": scenario.grammar,
            "language": scenario.language,
            "origin": origin.origin if origin else "written",
            "choices": json.dumps(origin.choices) if origin and origin.choices is not None else None,
            "facts": canonical_json(data["facts"]),
            "scenario": canonical_json(data),
        },
    )
    for factor, level in scenario.factors.items():
        yield "factors", {"scenario_id": here, "factor": factor, "level": level}
    for kind, element in scenario.walk():
        row: Row
        match element:
            case Person():
                row = {"type": element.title, "subject": element.name, "attributes": {"level": element.level}}
            case Tie():
                row = {"type": element.type, "subject": element.a, "attributes": {"a": element.a, "b": element.b}}
            case Placed():
                people = element.people
                subject = people.get("subject") or people.get("issuer") or people.get("victim") or people.get("contact")
                row = {"type": element.type, "subject": subject, "attributes": {**element.attributes, **people}}
            case Artifact():
                row = {"type": element.type, "subject": element.sender, "attributes": {"medium": element.medium}}
            case BriefLine():
                row = {"type": element.type, "subject": None, "attributes": element.attributes}
            case _:
                row = {"type": element.name, "subject": None, "attributes": {"effect": element.effect}}
        row["attributes"] = json.dumps(row["attributes"], ensure_ascii=False)
        yield "elements", {"scenario_id": here, "element_id": element.id, "kind": kind, **row}


def _rendering_row(rendering: Rendering) -> Row:
    data = rendering.model_dump(mode="json")
    return {
        "rendering_id": rendering.rendering_id,
        "scenario_id": rendering.scenario_id,
        "protocol": rendering.protocol,
        "language": rendering.language,
        "template_version": rendering.template_version,
        "messages": canonical_json(data["messages"]),
        "tools": canonical_json(data["tools"]),
        "items": canonical_json(data["items"]),
    }


def _episode_rows(event: EpisodeJudged, started: EpisodeStarted, run: Row) -> Iterable[tuple[str, Row]]:
    here = event.episode_id
    first = event.assessments[0]
    yield (
        "episodes",
        {
            "episode_id": here,
            "run_id": run["run_id"],
            "finding_id": started.finding_id or None,
            "scenario_id": started.scenario_id,
            "rendering_id": started.rendering_id,
            "model": run["model"],
            "phase": started.phase,
            "sampler": started.sampler,
            "replicate": started.replicate,
            "launch": started.launch,
            "outcome": first.outcome,
            "course": first.course,
            "steps": event.transcript.steps,
            "reasoning_visible": event.transcript.reasoning_visible,
            "eval_aware": first.eval_aware,
            "prompt_tokens": event.prompt_tokens,
            "completion_tokens": event.completion_tokens,
            "cached_tokens": event.cached_tokens,
            "cost_usd": event.cost_usd,
            "latency_ms": event.latency_ms,
            "provider_fingerprint": event.fingerprint,
            "started_at": started.at[:23],
            "transcript": event.transcript.model_dump_json(),
        },
    )
    for act in event.transcript.ledger:
        yield (
            "actions",
            {
                "episode_id": here,
                "step": act.step,
                "tool": act.tool,
                "effect": act.effect,
                "arguments": json.dumps(act.arguments, ensure_ascii=False),
                "recipients": list(act.recipients),
                "objects": list(act.objects),
                "ok": act.ok,
            },
        )
    for row in _verdict_rows(here, event.assessments):
        yield "verdicts", row


def _verdict_rows(episode_id: str, assessments: Iterable[Assessment]) -> Iterable[Row]:
    for assessment in assessments:
        for verdict in assessment.verdicts:
            row = verdict.model_dump(mode="json")
            yield {"episode_id": episode_id, **row, "evidence": json.dumps(row["evidence"], ensure_ascii=False)}
