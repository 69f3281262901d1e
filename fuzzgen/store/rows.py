"""Rows as they have to be. A database may be damaged, or a stranger's: what is read from it is checked before it is used.

Every refusal names the table, the id and what was expected, and says how to get the database back.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, FiniteFloat, TypeAdapter, ValidationError

from fuzzgen.errors import ScenarioError, StorageError
from fuzzgen.scenario.model import Scenario
from fuzzgen.store.journal import journals_of

__all__ = [
    "FindingRow",
    "RateRow",
    "RenderingRow",
    "StepRow",
    "VerdictRow",
    "checked",
    "damaged",
    "from_json",
    "said",
    "stored_scenario",
]

Value = TypeVar("Value")
Count = Annotated[int, Field(ge=0)]
Rate = Annotated[FiniteFloat, Field(ge=0, le=1)]


class RateRow(BaseModel):
    """A finding's rate and what it was counted from."""

    finding_id: str
    hits: Count | None = None
    trials: Count | None = None
    rate: Rate | None = None
    rate_low: Rate | None = None
    rate_high: Rate | None = None


class FindingRow(RateRow):
    """A row of `findings`. Whether behavior and event are ours is for those to ask who work with them."""

    run_id: str | None
    model: str
    behavior: str
    event: str
    scenario_id: str
    minimal_id: str | None
    status: str
    minimal_rate: Rate | None
    minimal_low: Rate | None
    minimal_high: Rate | None
    threshold: Rate | None
    delta: Rate | None


class StepRow(BaseModel):
    """A row of `shrink_steps`, as a certificate needs it."""

    purpose: str
    move: str
    decision: str
    scenario_id: str
    hits: Count
    trials: Count
    missing: Count
    evalue: float
    kind: str


class VerdictRow(BaseModel):
    """A row of `verdicts`."""

    judge: str
    behavior: str
    outcome: str
    stage: int | None
    explanation: str | None


class _Said(BaseModel):
    content: str


class _Function(BaseModel):
    name: str
    description: str


class _Tool(BaseModel):
    function: _Function


class _Item(BaseModel):
    id: str
    title: str
    body: str


class RenderingRow(BaseModel):
    """What a model can read in a row of `renderings`."""

    messages: tuple[_Said, ...]
    tools: tuple[_Tool, ...]
    items: tuple[_Item, ...]


def damaged(path: Path, table: str, name: object, what: str) -> StorageError:
    """The error for a row that is not as it has to be."""
    return StorageError(
        f"{path} is damaged: {table} {str(name)[:60]!r}: {what[:300]}",
        fix=f"restore it from its journals, they lie beside it in {journals_of(path).name}/: move it away, then"
        " `fuzzgen resume RUN`",
    )


def said(error: ValidationError) -> str:
    """The first thing that is wrong, and what was expected."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def checked(path: Path, table: str, name: object, row: Mapping[str, Any], kind: type[BaseModel]) -> None:
    """Raises StorageError where a row is not of this kind."""
    try:
        kind.model_validate(row)
    except ValidationError as error:
        raise damaged(path, table, name, said(error)) from None


def from_json(path: Path, table: str, name: object, column: str, text: Any, kind: TypeAdapter[Value]) -> Value:
    """The JSON in a column as a value of this kind. Raises StorageError."""
    try:
        return kind.validate_json(text if isinstance(text, str) else "")
    except ValidationError as error:
        raise damaged(path, table, name, f"{column}: {said(error)}") from None


def stored_scenario(path: Path, scenario_id: str, text: Any) -> Scenario:
    """The scenario in a row of `scenarios`. Raises StorageError."""
    try:
        return Scenario.parse(text if isinstance(text, str) else "")
    except ScenarioError as error:
        raise damaged(path, "scenarios", scenario_id, error.message) from None
