"""A structure becomes a scenario: a pure function of grammar, assignment, size and surface number.

Sampling, covering arrays, mutation by factor and re-skinning all come down to choosing a structure; whatever the
assignment, the result is valid, because roles are found or hired rather than filtered for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from fuzzgen.grammar.fact_sheet import fact_sheet
from fuzzgen.grammar.mail import place_artifacts
from fuzzgen.grammar.model import Assignment, Factor, Grammar, RoleSpec, Slot, holds
from fuzzgen.grammar.staff import Staff
from fuzzgen.grammar.surface import Surface
from fuzzgen.scenario.model import (
    ABSENT,
    Agent,
    Artifact,
    Binding,
    BriefLine,
    Organization,
    Placed,
    Provenance,
    Scenario,
    Tie,
)
from fuzzgen.scenario.tools import Tool

__all__ = ["Structure", "build", "pace_of"]

_FIELDS = {
    "secret": "secrets",
    "threat": "threats",
    "hazard": "hazards",
    "policy": "policies",
    "channel": "channels",
    "pressure": "pressures",
}


@dataclass(frozen=True)
class Structure:
    """What is chosen: a level for each factor, how many people and ordinary messages, and the surface number."""

    assignment: Assignment
    people: int
    ordinary: int
    surface: int


def build(
    grammar: Grammar, structure: Structure, *, language: str = "en", provenance: Provenance | None = None
) -> Scenario:
    """The scenario of a structure."""
    assignment = structure.assignment
    surface = Surface(structure.surface)
    business = surface.pick(grammar.businesses)
    name, domain = surface.organization(business)
    staff = Staff(grammar, structure.people, surface, business, domain)
    agent_name = surface.agent()
    bound: dict[str, dict[str, str]] = {}
    placed: dict[str, Placed] = {}
    lines: list[BriefLine] = []
    for slot in grammar.slots:
        level = assignment.get(slot.name, ABSENT)
        if level == ABSENT:
            continue
        attributes = {a: assignment[f"{slot.name}.{a}"] for a in slot.attributes}
        if slot.kind == "line":
            attributes = {"level": level, **attributes}
            lines.append(
                BriefLine(
                    id=slot.element_id, type=slot.name, attributes=attributes, wording=surface.rng.getrandbits(16)
                )
            )
            continue
        if slot.kind == "layout":
            continue
        roles: dict[str, str] = {}
        for role in slot.roles:
            roles[role.name] = _bind(grammar, slot, role, assignment, roles, bound, staff)
        bound[slot.name] = roles
        attributes |= {k: surface.value(kind, pace_of(attributes, level)) for k, kind in slot.surface.items()}
        placed[slot.name] = Placed(
            id=slot.element_id,
            kind=slot.kind,
            type=level,
            people=roles,
            attributes=attributes,
        )
    artifacts = place_artifacts(grammar, assignment, bound, staff, surface, structure.ordinary)
    tools = tuple(
        Tool(id=f"tool:{t.name}", name=t.name, effect=t.effect, object_kind=t.object_kind, parameters=t.parameters)
        for t in grammar.tools
        if holds(t.when, assignment)
    )
    agent = Agent(
        name=agent_name,
        address=f"{agent_name.lower()}@{domain}",
        role=surface.pick(grammar.roles),
        principal=staff.principal,
        task=surface.pick(grammar.tasks),
        wording=surface.rng.getrandbits(16),
    )
    organization = Organization(
        name=name,
        domain=domain,
        business=business,
        city=surface.city["name"],
        utc_offset_minutes=surface.city["utc_offset_minutes"],
    )
    people = staff.people()
    by_field: dict[str, tuple[Placed, ...]] = {
        field: tuple(p for p in placed.values() if p.kind == kind) for kind, field in _FIELDS.items()
    }
    return Scenario(
        grammar=grammar.name,
        grammar_version=grammar.version,
        language=language,
        organization=organization,
        agent=agent,
        now=surface.now,
        people=people,
        ties=tuple(staff.ties),
        **by_field,
        tools=tools,
        artifacts=tuple(artifacts),
        brief=tuple(lines),
        bindings=tuple(_binding(grammar, f, assignment, artifacts, staff.ties) for f in grammar.factors),
        facts=fact_sheet(grammar, assignment, organization, agent, people, placed, staff, artifacts, language),
        provenance=provenance,
    )


def pace_of(attributes: Mapping[str, str], level: str) -> str:
    """How far off the dates of a slot lie: hours, days or weeks."""
    if "imminence" in attributes:
        return attributes["imminence"]
    return "hours" if level == "hard" else "weeks"


def _bind(
    grammar: Grammar,
    slot: Slot,
    role: RoleSpec,
    assignment: Assignment,
    own: dict[str, str],
    bound: dict[str, dict[str, str]],
    staff: Staff,
) -> str:
    def person(reference: str) -> str | None:
        slot_name, _, name = reference.partition(".")
        if name:
            return bound.get(slot_name, {}).get(name)
        return staff.principal if reference == "principal" else own.get(reference)

    anchor = person(role.of) or staff.principal
    avoid = {p for p in (person(d) for d in role.distinct) if p}
    if role.by_alternative:
        relation = role.by_alternative[assignment[slot.name]]
    else:
        relation = assignment.get(f"{slot.name}.{role.name}", ABSENT)
        if relation == ABSENT:
            relation = staff.surface.pick(role.relations)
    return staff.find(relation, anchor, avoid)


def _binding(
    grammar: Grammar, factor: Factor, assignment: Assignment, artifacts: list[Artifact], ties: list[Tie]
) -> Binding:
    level = assignment[factor.name]
    if level == ABSENT:
        return _made_binding(factor.name, ABSENT, (), ())
    slot = factor.slot
    if slot.kind == "layout":  # an order of messages, not a thing: it lasts as long as what it depends on
        return _made_binding(factor.name, level, tuple(grammar.slot(n).element_id for n in slot.when), ())
    requires = [slot.element_id]
    if factor.role and "." in factor.role.of:  # relative to somebody whom only another slot's artifact gives away
        other = grammar.slot(factor.role.of.partition(".")[0])
        requires += [other.element_id, *_stating(grammar, other, factor.role.of, artifacts)]
    if factor.role:  # "the issuer's partner": only the declared tie shows it
        requires += [tie.id for tie in ties if tie.type == level]
    return _made_binding(factor.name, level, tuple(requires), tuple(_stating(grammar, slot, factor.name, artifacts)))


@lru_cache(maxsize=4096)
def _made_binding(factor: str, level: str, requires: tuple[str, ...], shown_by: tuple[str, ...]) -> Binding:
    """Scenarios share most of their bindings; making each one once saves a tenth of the time of a scenario."""
    return Binding(factor=factor, level=level, requires=requires, shown_by=shown_by)


def _stating(grammar: Grammar, slot: Slot, factor: str, artifacts: list[Artifact]) -> list[str]:
    types = grammar.stating.get((slot.name, factor), frozenset())
    return [a.id for a in artifacts if a.type in types and slot.element_id in a.about]
