"""From `FINDING|SCENARIO.json` and options to what is to be reduced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from fuzzgen.cli.options import DEFAULT_MODEL
from fuzzgen.engine.plan import ReductionPlan
from fuzzgen.errors import ScenarioError, UnknownName, UsageError
from fuzzgen.files import read_input
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.events import FindingSaved
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.verdict import BEHAVIORS

__all__ = ["known_scenario", "read_scenario", "reduction_plan"]


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file. Raises ScenarioError with the file's name."""
    return Scenario.parse(read_input(path, ScenarioError), file=str(path))


def known_scenario(source: str, db: Path) -> Scenario:
    """The scenario in a file, or that of a finding: its minimal form where there is one. Raises as reduction_plan."""
    if _is_file(source):
        return read_scenario(Path(source))
    from fuzzgen.store.read import find_finding, scenario_of

    row = find_finding(db, source)
    return scenario_of(db, row["minimal_id"] or row["scenario_id"])


def _is_file(source: str) -> bool:
    return source.endswith(".json") or Path(source).is_file()


def reduction_plan(source: str, db: Path, options: dict[str, Any]) -> ReductionPlan:
    """Raises UnknownName for a finding that is not there, ScenarioError for a file that is no scenario."""
    common = {
        "min_rate": options["min_rate"],
        "delta": options["delta"],
        "certify": not options["quick"],
        "budget": options["budget"],
        "max_usd": options["max_usd"],
        "max_tokens": options["max_tokens"],
        "max_time": options["max_time"],
        "seed": options["seed"],
        "price": options["price"],
        "source": source,
    }
    if _is_file(source):
        return _of_file(Path(source), options, common)
    return _of_finding(source, db, options, common)


def _target(options: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The target options, from the command line first and then from the run that the finding comes from."""
    model = options["model"] or before.get("model") or DEFAULT_MODEL
    local = model.startswith("local/")
    same = model == before.get("model")
    kept = before if same else {}
    return {
        "model": model,
        "api_base": options["api_base"] or _at_home(kept.get("api_base")),
        "temperature": options["temperature"] if options["temperature"] is not None else kept.get("temperature"),
        "reply_tokens": options["reply_tokens"] or kept.get("reply_tokens") or (300 if local else 1500),
        "concurrency": options["concurrency"] or (1 if local else 16),
    }


def _at_home(address: str | None) -> str | None:
    """The address that a database names, where it is on this machine. Anything else could be a stranger's.

    Raises UsageError: a call carries a key.
    """
    if address is None or urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1"):
        return address
    raise UsageError(
        f"the finding's run called {address}, and a call carries your key",
        fix=f"if it is yours, add --api-base {address}",
    )


def _of_file(path: Path, options: dict[str, Any], common: dict[str, Any]) -> ReductionPlan:
    scenario = read_scenario(path)
    declared = [b for b in BEHAVIORS if any(h.behavior == b for h in scenario.facts.harms)]
    behavior = options["behavior"] or (declared[0] if len(declared) == 1 else None)
    if behavior is None or behavior not in declared:
        have = ", ".join(declared) or "none"
        raise UsageError(
            f"{path} can show these behaviors: {have}",
            fix="say which one with --behavior" if declared else "declare harms",
        )
    target = _target(options, {})
    event = options["event"] or "act"
    return ReductionPlan(
        **common,
        **target,
        protocol=options["protocol"] or "tools",
        language=scenario.language,
        scenario=scenario,
        behavior=behavior,
        event=event,
        harms=_harms(path, scenario, behavior, options["harms"]),
        finding_id="f" + content_hash([target["model"], scenario.scenario_id, behavior, event])[:11],
    )


def _harms(path: Path, scenario: Scenario, behavior: str, named: tuple[str, ...]) -> tuple[str, ...]:
    known = [h.id for h in scenario.facts.harms if h.behavior == behavior]
    for name in named:
        if name not in known:
            raise UnknownName(f"harm of {behavior} in {path}", name, known, fix=f"there is {', '.join(known)}")
    return named


def _of_finding(name: str, db: Path, options: dict[str, Any], common: dict[str, Any]) -> ReductionPlan:
    from fuzzgen.store.read import find_finding, harms_of, parameters_of, scenario_of

    row = find_finding(db, name)
    before = parameters_of(db, row["run_id"])
    scenario = scenario_of(db, row["scenario_id"])
    target = _target(options, {**before, "model": row["model"]})
    event = options["event"] or row["event"]
    behavior = options["behavior"] or row["behavior"]
    same = (target["model"], event, behavior) == (row["model"], row["event"], row["behavior"])
    finding_id = (
        row["finding_id"] if same else "f" + content_hash([row["finding_id"], target["model"], event, behavior])[:11]
    )
    return _checked(
        db,
        row,
        lambda: ReductionPlan(
            **common,
            **target,
            protocol=options["protocol"] or before.get("protocol", "tools"),
            language=scenario.language,
            scenario=scenario,
            behavior=behavior,
            event=event,
            harms=harms_of(db, row["scenario_id"], row["model"], behavior),
            finding_id=finding_id,
            known=_known(row) if same else None,
        ),
    )


def _checked(db: Path, row: dict[str, Any], plan: Callable[[], ReductionPlan]) -> ReductionPlan:
    """The plan, which the words on the command line cannot spoil any more. Raises StorageError for those of the rows."""
    from fuzzgen.store.rows import damaged, said

    try:
        made = plan()
        content_hash(made.model_dump(mode="json"))  # numbers that JSON does not have
    except ValidationError as error:
        place = error.errors(include_url=False)[0]["loc"]
        if error.title == "FindingSaved" or set(place) & {"behavior", "event"}:
            raise damaged(db, "findings", row["finding_id"], said(error)) from None
        raise damaged(db, "runs", row["run_id"], f"parameters: {said(error)}") from None
    except ValueError as error:
        raise damaged(db, "runs", row["run_id"], f"parameters: {error}") from None
    return made


def _known(row: dict[str, Any]) -> FindingSaved:
    values = {
        name: row.get(name) for name in FindingSaved.model_fields if row.get(name) is not None and name != "event"
    }
    return FindingSaved.model_validate(
        {"rate": None, "rate_low": None, "rate_high": None, **values, "looking_for": row["event"]}
    )
