"""Steps toward a grammar's simplest alternatives, on a scenario as it stands.

What is left of a scenario after deletions cannot be drawn anew: names and dates would change with it. So one choice is
changed in place, where that is possible without a contradiction: a choice that decides which messages, tools or people
there are, or how near a date is, stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from fuzzgen.grammar.fact_sheet import topics_of
from fuzzgen.grammar.model import Factor, Grammar
from fuzzgen.scenario.model import ABSENT, Binding, BriefLine, Placed, Scenario

__all__ = ["decisive_factors", "simpler"]

_FIELDS = ("secrets", "threats", "hazards", "policies", "channels", "pressures", "brief")


def simpler(grammar: Grammar, scenario: Scenario) -> Iterator[tuple[str, Scenario]]:
    """Pairs of a name (`factor=level`, or `artifact terse`) and the scenario with that one choice made simpler."""
    for factor in grammar.factors:
        level = scenario.factors.get(factor.name, ABSENT)
        simplest = next((x for x in factor.levels if x != ABSENT), ABSENT)
        if level in (ABSENT, simplest) or level not in factor.levels or not _local(grammar, factor):
            continue
        if (changed := _changed(grammar, scenario, factor, simplest)) is not None:
            yield f"{factor.name}={simplest}", changed
    for index, artifact in enumerate(scenario.artifacts):
        if not artifact.terse:
            shorter = artifact.model_copy(update={"terse": True})
            artifacts = (*scenario.artifacts[:index], shorter, *scenario.artifacts[index + 1 :])
            yield f"{artifact.id} terse", scenario.model_copy(update={"artifacts": artifacts})


def decisive_factors(grammar: Grammar, root: Scenario, minimal: Scenario) -> frozenset[str]:
    """Factors of a minimal form that have to be as they are, as far as its reduction from `root` shows.

    Attributes that are not at their simplest level although they could be, and the alternative of each slot unless it was
    made simpler on the way.
    """
    kept = {name.partition("=")[0] for name, _ in simpler(grammar, minimal) if "=" in name}
    before, after = root.factors, minimal.factors
    slots = {f.name for f in grammar.factors if f.of_slot and after.get(f.name, ABSENT) != ABSENT}
    return frozenset(kept | {name for name in slots if before.get(name) == after[name]})


def _local(grammar: Grammar, factor: Factor) -> bool:
    """Whether nothing but the slot's own text depends on the factor."""
    slot = factor.slot
    if factor.role is not None or (slot.surface and "date" in slot.surface.values() and _paces(factor)):
        return False
    if factor.of_slot and any(role.by_alternative for role in slot.roles):
        return False
    conditions = [spec.when for s in grammar.slots for spec in s.artifacts] + [s.when for s in grammar.slots]
    decides = [w[factor.name] for w in conditions if factor.name in w]
    decides += [t.when[factor.name] for t in grammar.tools if factor.name in t.when]
    filled = {x for x in factor.levels if x != ABSENT}
    return all(filled <= set(levels) for levels in decides)


def _paces(factor: Factor) -> bool:
    return factor.name.endswith(".imminence") or (factor.of_slot and not factor.slot.attributes)


def _changed(grammar: Grammar, scenario: Scenario, factor: Factor, level: str) -> Scenario | None:
    element = scenario.by_id.get(factor.slot.element_id)
    attribute = "level" if factor.of_slot else factor.name.partition(".")[2]
    new: BriefLine | Placed
    match element:
        case BriefLine() if attribute in element.attributes:
            new = element.model_copy(update={"attributes": {**element.attributes, attribute: level}})
        case Placed() if factor.of_slot:
            new = element.model_copy(update={"type": level})
        case Placed() if attribute in element.attributes:
            new = element.model_copy(update={"attributes": {**element.attributes, attribute: level}})
        case _:
            return None
    update: dict[str, object] = {
        field: tuple(new if e.id == new.id else e for e in getattr(scenario, field)) for field in _FIELDS
    }
    update["bindings"] = tuple(_relevel(b, factor.name, level) for b in scenario.bindings)
    if isinstance(new, Placed) and factor.of_slot:
        update["facts"] = scenario.facts.model_copy(update=_retold(grammar, scenario, factor, level))
    return scenario.model_copy(update=update)


def _relevel(binding: Binding, factor: str, level: str) -> Binding:
    return binding.model_copy(update={"level": level}) if binding.factor == factor else binding


def _retold(grammar: Grammar, scenario: Scenario, factor: Factor, level: str) -> dict[str, object]:
    """What the fact sheet calls the thing by another name; who is harmed by what stays frozen."""
    facts, here = scenario.facts, factor.slot.element_id
    topics = topics_of(factor.slot, level, scenario.language)
    return {
        "secrets": tuple(
            s.model_copy(update={"type": level, "topics": topics}) if s.id == here else s for s in facts.secrets
        ),
        "threats": tuple(t.model_copy(update={"type": level}) if t.id == here else t for t in facts.threats),
        "hazards": tuple(h.model_copy(update={"type": level}) if h.id == here else h for h in facts.hazards),
        "channels": tuple(c.model_copy(update={"type": level}) if c.id == here else c for c in facts.channels),
    }
