"""A checked grammar: slots, their alternatives, attributes and roles, each of which is a factor.

An *assignment* gives each factor a level. Which factors there are depends on the levels before them: the attributes of a
slot exist where the slot is filled, a role that is bound relative to the threat's issuer exists where there is a threat.
That is decided in one place, `Grammar.open_factors`, from which sampling, counting and coverage follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fuzzgen.scenario.model import ABSENT, Medium
from fuzzgen.scenario.tools import Effect
from fuzzgen.scenario.verdict import Behavior

__all__ = [
    "PRESENT",
    "TITLES",
    "ArtifactSpec",
    "Assignment",
    "Factor",
    "Grammar",
    "HarmSpec",
    "OrdinarySpec",
    "RoleSpec",
    "Slot",
    "ToolSpec",
    "When",
]

Assignment = dict[str, str]
When = dict[str, tuple[str, ...]]  # factor -> levels, all of which must hold
PRESENT = "present"  # in a grammar file: any level of the factor but "absent"

# What people are, by level, where a grammar does not say; `head` is whoever is above all others.
TITLES: dict[str, tuple[str, ...]] = {
    "head": ("chief_executive",),
    "executive": ("director",),
    "manager": ("team_lead",),
    "staff": ("specialist", "analyst", "coordinator", "assistant"),
    "outsider": ("account_manager", "correspondent", "partner_manager", "consultant"),
}


def holds(when: When, assignment: Mapping[str, str]) -> bool:
    """Whether every factor named has one of the levels named."""
    return all(assignment.get(factor, ABSENT) in levels for factor, levels in when.items())


@dataclass(frozen=True)
class RoleSpec:
    """A person that a slot needs: somebody who stands in one of `relations` to the anchor `of`.

    `by_alternative` fixes the relation by the slot's alternative. Where `factor` is false the relation is surface.
    """

    name: str
    of: str
    relations: tuple[str, ...]
    by_alternative: dict[str, str] = field(default_factory=dict)
    factor: bool = True
    distinct: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArtifactSpec:
    """A message or document that a slot places, and the factors that it states."""

    type: str
    medium: Medium
    sender: str
    to: tuple[str, ...]
    when: When = field(default_factory=dict)
    states: tuple[str, ...] = ()
    reply_to: str = ""
    carries: bool = False
    closing: bool = False


@dataclass(frozen=True)
class Slot:
    """A place in the scenario that one alternative fills, or none where it is optional."""

    name: str
    kind: str
    alternatives: tuple[str, ...]
    optional: bool = False
    when: When = field(default_factory=dict)
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    roles: tuple[RoleSpec, ...] = ()
    deciders: tuple[str, ...] = ()
    scope: str = "person"
    surface: dict[str, str] = field(default_factory=dict)
    objects: tuple[str, ...] = ()  # surface facts that are names as tools take them; where none: its alerts
    topics: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    artifacts: tuple[ArtifactSpec, ...] = ()

    @property
    def element_id(self) -> str:
        return f"line:{self.name}" if self.kind == "line" else self.name

    @property
    def object_facts(self) -> tuple[str, ...]:
        """The surface facts by which tools name the thing itself."""
        return self.objects or tuple(k for k, kind in self.surface.items() if kind == "alert")


@dataclass(frozen=True)
class Factor:
    """One causal choice. Levels are listed simplest first; "absent" first where the slot is optional."""

    name: str
    levels: tuple[str, ...]
    slot: Slot
    role: RoleSpec | None = None

    @property
    def of_slot(self) -> bool:
        return self.name == self.slot.name


@dataclass(frozen=True)
class ToolSpec:
    """A tool beyond the structural ones, and when the agent has it."""

    name: str
    effect: Effect
    parameters: tuple[str, ...]
    object_kind: str = ""
    when: When = field(default_factory=dict)
    objects: tuple[str, ...] = ()


@dataclass(frozen=True)
class HarmSpec:
    """A harmful act in terms of slots; the builder makes a scenario's `Harm` of it."""

    name: str
    behavior: Behavior
    effects: tuple[Effect, ...]
    to: str = ""
    objects: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    condition: bool = False
    victim: str = ""
    needs: tuple[str, ...] = ()
    protects: tuple[str, ...] = ()
    explanation: str = ""


@dataclass(frozen=True)
class OrdinarySpec:
    """Ordinary business around the telling messages."""

    least: int
    most: int
    emails: tuple[str, ...]
    documents: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Grammar:
    """All of it. `file` is where it was read from, `places` where each value of it stands (file and line)."""

    name: str
    version: str
    title: str
    description: str
    languages: tuple[str, ...]
    people: tuple[int, int]
    businesses: tuple[str, ...]
    departments: tuple[str, ...]
    titles: dict[str, tuple[str, ...]]
    posts: dict[str, tuple[str, ...]]  # department -> the titles that there are in it; all where it is not named
    roles: tuple[str, ...]
    tasks: tuple[str, ...]
    ordinary: OrdinarySpec
    slots: tuple[Slot, ...]
    tools: tuple[ToolSpec, ...]
    harms: tuple[HarmSpec, ...]
    file: Path
    places: Mapping[tuple[str | int, ...], tuple[Path, int]] = field(default_factory=dict)

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """All factors in the order in which they are drawn."""
        return tuple(_factors(self.slots))

    def titles_in(self, level: str, department: str) -> tuple[str, ...]:
        """The titles of a level that somebody in this department can have; never empty."""
        if (level, department) not in self._titles_in:
            titles = self.titles[level]
            there = self.posts.get(department, titles)
            self._titles_in[level, department] = tuple(t for t in titles if t in there) or titles
        return self._titles_in[level, department]

    @cached_property
    def _titles_in(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {}

    def slot(self, name: str) -> Slot:
        """The slot with this name. Raises KeyError."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Slot]:
        return {slot.name: slot for slot in self.slots}

    @cached_property
    def stating(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """(slot, what is stated) -> the types of the slot's artifacts that state it."""
        types: dict[tuple[str, str], set[str]] = {}
        for slot in self.slots:
            for spec in slot.artifacts:
                for stated in spec.states:
                    types.setdefault((slot.name, stated), set()).add(spec.type)
        return {key: frozenset(found) for key, found in types.items()}

    def exists(self, factor: Factor, assignment: Mapping[str, str]) -> bool:
        """Whether a factor exists beside the levels of those before it."""
        if factor.of_slot:
            return holds(factor.slot.when, assignment)
        if assignment.get(factor.slot.name, ABSENT) == ABSENT:
            return False
        anchor = factor.role.of if factor.role else ""
        return "." not in anchor or assignment.get(anchor.partition(".")[0], ABSENT) != ABSENT

    def assign(self, choose: Callable[[Factor], str]) -> Assignment:
        """An assignment of every factor: `choose` is asked for the level of each one that exists."""
        assignment: Assignment = {}
        for factor in self.factors:
            assignment[factor.name] = choose(factor) if self.exists(factor, assignment) else ABSENT
        return assignment

    def settle(self, wanted: Mapping[str, str]) -> Assignment:
        """The valid assignment closest to `wanted`: what cannot exist is absent, what is missing is the simplest."""
        return self.assign(lambda f: wanted[f.name] if wanted.get(f.name) in f.levels else f.levels[0])


def _factors(slots: Sequence[Slot]) -> list[Factor]:
    out: list[Factor] = []
    for slot in slots:
        levels = ((ABSENT,) if slot.optional else ()) + slot.alternatives
        out.append(Factor(slot.name, levels, slot))
        out += [Factor(f"{slot.name}.{name}", levels, slot) for name, levels in slot.attributes.items()]
        out += [Factor(f"{slot.name}.{role.name}", role.relations, slot, role) for role in slot.roles if role.factor]
    return out
