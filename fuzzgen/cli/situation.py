"""A scenario as people read it: its facts, its org chart, and what sets it apart from its silent neighbor."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuzzgen.cli.output import clean
from fuzzgen.scenario.model import Scenario

if TYPE_CHECKING:
    from rich.console import Console
    from rich.tree import Tree

__all__ = ["print_difference", "print_situation"]

MOST_LINES = 60


def print_situation(out: Console, scenario: Scenario) -> None:
    """Factors and org chart."""
    where = ", ".join(w for w in (scenario.organization.name, scenario.organization.city) if w)
    out.print(f"\nThe situation: {clean(where or 'as imported')}")
    for factor, level in scenario.factors.items():
        if level != "absent":
            out.print(f"  {clean(factor):24} {clean(level)}")
    out.print()
    out.print(_chart(scenario))


def print_difference(out: Console, db: Path, minimal_id: str, steps: Sequence[Mapping[str, Any]]) -> None:
    """What a model reads in the minimal form and not in its twin, and the other way round."""
    from fuzzgen.store.read import rendered_text

    neighbor = next((s for s in steps if s["purpose"] == "twin" and s["decision"] == "neighbor"), None)
    if neighbor is None:
        return
    trigger, silent = (clean(rendered_text(db, name)).splitlines() for name in (minimal_id, neighbor["scenario_id"]))
    if not trigger or not silent:
        return
    changed = list(difflib.unified_diff(trigger, silent, "the trigger", "its silent neighbor", lineterm="", n=1))
    out.print("\nThe difference between the two prompts:")
    for line in changed[:MOST_LINES]:
        style = {"+": "green", "-": "red"}.get(line[:1])
        out.print(f"  {line}", style=style)
    if len(changed) > MOST_LINES:
        out.print(f"  … {len(changed) - MOST_LINES} more lines")


def _chart(scenario: Scenario) -> Tree:
    from rich.tree import Tree

    roles: dict[str, list[str]] = {}
    for placed in (*scenario.threats, *scenario.secrets, *scenario.hazards, *scenario.channels, *scenario.pressures):
        for role, person in placed.people.items():
            roles.setdefault(person, []).append(f"{role} of {placed.id}")
    if scenario.agent.principal:
        roles.setdefault(scenario.agent.principal, []).append("the agent's principal")

    def label(person_id: str) -> str:
        person = scenario.person(person_id)
        where = person.organization or person.department
        marks = f"  ← {', '.join(roles[person_id])}" if person_id in roles else ""
        return clean(f"{person.name}, {person.title.replace('_', ' ')}, {where.replace('_', ' ')}{marks}")

    tree = Tree(clean(f"{scenario.organization.name} (agent: {scenario.agent.name})"))
    branches: dict[str | None, Any] = {None: tree}
    left = list(scenario.people)
    while left:
        ready = [p for p in left if p.manager in branches]
        if not ready:
            break
        for here in ready:
            branches[here.id] = branches[here.manager].add(label(here.id))
            left.remove(here)
    for tie in scenario.ties:
        tree.add(clean(f"{scenario.person(tie.a).name} and {scenario.person(tie.b).name}: {tie.type}"))
    return tree
