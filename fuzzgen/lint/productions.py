"""Problems with a grammar's productions, found by making scenarios: what cannot be reached, what changes nothing.

Texts are read in every language of the grammar: two levels may differ in one and be the same in another.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace

from fuzzgen.errors import TemplateError
from fuzzgen.grammar import Factor, Grammar, Structure, build
from fuzzgen.grammar.model import When, holds
from fuzzgen.lint.problem import Problem, problem_at
from fuzzgen.render import render
from fuzzgen.scenario.model import ABSENT

__all__ = ["production_problems", "reachable"]

SURFACES = 2  # a level has an effect where any of so many scenarios reads differently


def production_problems(grammar: Grammar) -> Iterator[Problem]:
    """Productions that no assignment reaches, contradictory conditions, and levels whose prompts are the same."""
    for slot in grammar.slots:
        if slot.when and reachable(grammar, slot.when) is None:
            yield problem_at(
                grammar, ("slots", slot.name, "when"), "contradiction", f"{slot.name} can never be filled",
                "its conditions exclude each other; drop one",
            )  # fmt: skip
        for i, spec in enumerate(slot.artifacts):
            if spec.when and reachable(grammar, {**spec.when, slot.name: slot.alternatives}) is None:
                yield problem_at(
                    grammar, ("slots", slot.name, "artifacts", i), "unreachable", f"{spec.type} is never written",
                    "its conditions exclude each other; drop one",
                )  # fmt: skip
    for tool in grammar.tools:
        if tool.when and reachable(grammar, tool.when) is None:
            yield problem_at(
                grammar, ("tools", tool.name, "when"), "unreachable", f"the agent never has {tool.name}",
                "its conditions exclude each other; drop one",
            )  # fmt: skip
    for harm in grammar.harms:
        if reachable(grammar, {name: grammar.slot(name).alternatives for name in harm.needs}) is None:
            yield problem_at(
                grammar, ("harms", harm.name, "needs"), "unreachable", f"{harm.name} can never happen",
                "the slots it needs exclude each other",
            )  # fmt: skip
        if not any(tool.effect in harm.effects or _sends(tool.name, harm.effects) for tool in grammar.tools):
            yield problem_at(
                grammar, ("harms", harm.name, "effects"), "unreachable", f"no tool has an effect that {harm.name} takes",
                "add a tool, or mend `effects`",
            )  # fmt: skip
    for factor in grammar.factors:
        for language in grammar.languages:
            yield from _effects(grammar, factor, language)


def _sends(tool: str, effects: tuple[str, ...]) -> bool:
    return tool in ("send_email", "forward") and bool({"told", "sent"} & set(effects))


def reachable(grammar: Grammar, when: When) -> dict[str, str] | None:
    """An assignment under which `when` holds, or None. Tries what each level in turn depends on."""
    for levels in itertools.islice(itertools.product(*when.values()), 200):
        wanted: dict[str, str] | None = {}
        for factor, level in zip(when, levels, strict=True):
            wanted = _wanting(grammar, wanted, factor, level) if wanted is not None else None
        if wanted is not None and holds(when, assignment := grammar.settle(wanted)):
            return assignment
    return None


def _wanting(grammar: Grammar, wanted: Mapping[str, str], factor: str, level: str) -> dict[str, str] | None:
    """`wanted` and this level with all that it rests on; None where they exclude each other."""
    if wanted.get(factor, level) != level:
        return None
    out: dict[str, str] | None = {**wanted, factor: level}
    found = next((f for f in grammar.factors if f.name == factor), None)
    if found is None or level == ABSENT:
        return out
    needs: list[tuple[str, tuple[str, ...]]] = list(found.slot.when.items())
    if not found.of_slot:
        needs.append((found.slot.name, found.slot.alternatives))
    if found.role and "." in found.role.of:
        other = grammar.slot(found.role.of.partition(".")[0])
        needs.append((other.name, other.alternatives))
    for name, levels in needs:
        choices = [wanted[name]] if name in wanted else list(levels)
        options = (_wanting(grammar, out or {}, name, choice) for choice in choices if choice in levels)
        out = next((o for o in options if o is not None), None) if out is not None else None
    return out


def _effects(grammar: Grammar, factor: Factor, language: str) -> Iterator[Problem]:
    """Levels of a factor under which the same situation reads the same, or whose texts cannot be rendered."""
    levels = [level for level in factor.levels if level != ABSENT]
    rest = reachable(grammar, {factor.name: tuple(levels[:1])}) if levels else None
    if rest is None:
        return
    prompts: dict[str, list[str]] = {}
    for level in levels:
        assignment = grammar.settle({**rest, factor.name: level})
        least = Structure(assignment, grammar.people[0], grammar.ordinary.least, 0)
        try:
            prompts[level] = [_prompt(grammar, replace(least, surface=k), language) for k in range(SURFACES)]
        except TemplateError as error:
            if error.file is not None:
                yield Problem("template", error.message, error.fix, error.file, error.line or 1)
    attribute = factor.name.partition(".")[2]
    kind = "alternatives" if factor.of_slot else "roles" if factor.role else "attributes"
    at: tuple[str | int, ...] = ("slots", factor.slot.name, kind, *([attribute] if attribute else []))
    for one, other in itertools.combinations(prompts, 2):
        if prompts[one] == prompts[other]:
            yield problem_at(
                grammar, at, "no effect", f"{factor.name}: {one!r} and {other!r} give the same prompt in {language!r}",
                "let a text tell them apart, or drop one",
            )  # fmt: skip


def _prompt(grammar: Grammar, structure: Structure, language: str) -> str:
    rendering = render(build(grammar, structure, language=language), "tools")
    items = "\n".join(f"{i.title}\n{i.sender}\n{i.body}" for i in rendering.items)
    return "\n".join([*(m.content for m in rendering.messages), items, str(rendering.tools)])
