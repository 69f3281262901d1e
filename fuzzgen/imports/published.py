"""What ships about published scenarios: fact sheets, and what their siblings in our grammars are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from fuzzgen.imports.model import Published
from fuzzgen.paths import data_dir
from fuzzgen.scenario.facts import FactSheet, KnownThreat
from fuzzgen.scenario.model import Organization, Person, Scenario
from fuzzgen.scenario.tools import Tool
from fuzzgen.scenario.verbatim import IMPORTED

__all__ = ["about", "published", "sibling_levels"]

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
        tools=tuple(Tool(id=f"tool:{t}", name=t, **data["tools"][t]) for t in known["tools"]),
        carried={
            name: tuple((r["from"], r.get("to", "")) for r in routes) for name, routes in known["carried"].items()
        },
    )


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
