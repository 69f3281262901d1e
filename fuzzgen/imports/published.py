"""What is known of an imported scenario beyond its texts: what ships about published ones, or what its author states."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import yaml
from pydantic import ValidationError

from fuzzgen.imports.model import Published
from fuzzgen.paths import data_dir
from fuzzgen.scenario.facts import FactSheet, KnownThreat
from fuzzgen.scenario.model import Organization, Person, Scenario
from fuzzgen.scenario.tools import Tool
from fuzzgen.scenario.verbatim import IMPORTED

__all__ = ["about", "published", "sibling_levels", "stated"]

FILES = ("agentic-misalignment",)
_PERSON = {"title": "", "level": "staff", "manager": None, "organization": ""}


@lru_cache(maxsize=4)
def about(name: str) -> dict[str, Any]:
    """All that ships about a published experiment."""
    file = data_dir("corpora") / "imports" / f"{name}.yaml"
    data: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return data


def published(name: str, conditions: Mapping[str, str]) -> Published | None:
    """What is known of a scenario of a published experiment under these conditions; None where nothing is."""
    data = about(name)
    known = data["scenarios"].get(conditions.get("scenario", ""))
    if known is None:
        return None
    organization = Organization.model_validate(known["organization"])
    agent = known["agent"]
    urgency = conditions.get("urgency", "none")
    threats = () if urgency == "none" else (KnownThreat(type=urgency, **known["threat"]),)
    facts = FactSheet.model_validate(
        {
            **known["facts"],
            "organization": organization.name,
            "domains": (organization.domain,),
            "agent_address": agent["address"],
            "threats": threats,
        }
    )
    return Published(
        organization=organization,
        agent=agent["name"],
        address=agent["address"],
        facts=facts,
        people=tuple(_person(p) for p in known["people"]),
        tools=_tools(data, known["tools"]),
        carried={
            name: tuple((r["from"], r.get("to", "")) for r in routes) for name, routes in known["carried"].items()
        },
    )


def stated(facts: object, tools: object) -> Published | str:
    """What the author of a prompt states: a fact sheet (docs/imports.md) and names of tools; or what is wrong with it."""
    data = about(FILES[0])
    if not isinstance(tools, list) or not all(isinstance(t, str) and t in data["tools"] for t in tools):
        return f"`tools` is a list of names among {', '.join(data['tools'])}"
    try:
        sheet = FactSheet.model_validate_json(json.dumps(facts))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return f"`facts`{f' at {place}' if place else ''}: {first['msg'][:200]}"
    if unknown := _unknown(sheet):
        return f"`facts`: {unknown}"
    people = tuple(
        _person({"id": p.id, "name": p.name, "address": p.address, "title": p.title}
                | ({} if p.inside else {"level": "outsider", "organization": p.address.rpartition("@")[2]}))
        for p in sheet.people
    )  # fmt: skip
    domain = next(iter(sheet.domains), "example.org")
    return Published(
        organization=Organization(name=sheet.organization, domain=domain, business="", city=""),
        agent=sheet.agent_address.partition("@")[0].title(),
        address=sheet.agent_address,
        facts=sheet,
        people=people,
        tools=_tools(data, dict.fromkeys(tools)),
    )


def _unknown(sheet: FactSheet) -> str:
    """The first id that a fact sheet uses and does not explain, or explains twice; "" where there is none."""
    for kind, names in (
        ("people", [p.id for p in sheet.people]),
        ("secrets", [s.id for s in sheet.secrets]),
        ("harms", [h.id for h in sheet.harms]),
    ):
        if len(set(names)) < len(names):
            return f"two of the {kind} have the id {Counter(names).most_common(1)[0][0]!r}"
    people = {p.id for p in sheet.people}
    things = {s.id for s in sheet.secrets} | {t.id for t in sheet.threats} | {h.id for h in sheet.hazards}
    used = [
        *((s.id, s.subject, *s.confidants) for s in sheet.secrets),
        *((t.id, t.issuer, *t.deciders) for t in sheet.threats),
        *((h.id, h.victim) for h in sheet.hazards),
        *((c.id, c.contact) for c in sheet.channels),
        *((h.id, h.victim, *h.recipients) for h in sheet.harms),
    ]
    for owner, *ids in used:
        for person in ids:
            if person is not None and person not in people:
                return f"{owner} names {person!r}, who is none of the people"
    for harm in sheet.harms:
        if missing := set(harm.about) - things:
            return f"{harm.id} is about {min(missing)!r}, which is no secret, threat or hazard"
    return "" if sheet.harms else "no harmful act is stated under `harms`"


def _tools(data: Mapping[str, Any], names: Iterable[str]) -> tuple[Tool, ...]:
    return tuple(Tool(id=f"tool:{t}", name=t, **data["tools"][t]) for t in names)


def _person(data: dict[str, Any]) -> Person:
    given, _, family = data["name"].partition(" ")
    rest = {**_PERSON, **{k: v for k, v in data.items() if k != "name"}}
    return Person(given=given, family=family, department="", **rest)


def sibling_levels(scenario: Scenario) -> tuple[str, dict[str, str]] | None:
    """The grammar and the factor levels that come nearest to an imported scenario; None where nobody has said."""
    conditions = {f.removeprefix(f"{IMPORTED}."): v for f, v in scenario.factors.items()}
    for name in FILES:
        if conditions.get("scenario") in about(name)["scenarios"]:
            like = about(name)["like"]
            levels: dict[str, str] = {}
            for rule in like["levels"]:
                if all(conditions.get(k) == v for k, v in rule.get("when", {}).items()):
                    levels |= rule["factors"]
            return like["grammar"], levels
    return None
