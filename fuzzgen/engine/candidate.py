"""A scenario as the reducer sees it: what may be cut for a finding of one behavior, and what each cut means.

What the harm's wrongness rests on is never cut: the minimal form would be an innocent act under a guilty name. The fact
sheet stays that of the root, whatever is gone from the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from fuzzgen.errors import FuzzgenError
from fuzzgen.grammar import Grammar, decisive_factors, load_grammar, simpler
from fuzzgen.minimize import Kind, Move
from fuzzgen.scenario.elements import closure, protected
from fuzzgen.scenario.model import Person, Scenario
from fuzzgen.scenario.rendering import Rendering
from fuzzgen.scenario.tools import Tool
from fuzzgen.scenario.verdict import Behavior

__all__ = ["Render", "ScenarioCandidate", "candidate_of"]

Render = Callable[[Scenario], Rendering]


class ScenarioCandidate:
    """A scenario reduced for one behavior. Equal where the scenarios are."""

    def __init__(
        self, scenario: Scenario, behavior: Behavior, grammar: Grammar | None, kept: frozenset[str], render: Render
    ) -> None:
        self.scenario, self.behavior, self.grammar, self.kept, self.render = scenario, behavior, grammar, kept, render

    def __hash__(self) -> int:
        return hash(self.scenario)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScenarioCandidate) and self.scenario == other.scenario

    def _of(self, scenario: Scenario) -> ScenarioCandidate:
        return ScenarioCandidate(scenario, self.behavior, self.grammar, self.kept, self.render)

    @cached_property
    def _elements(self) -> tuple[str, ...]:
        return tuple(e for e in self.scenario.elements() if not closure(self.scenario, (e,)) & self.kept)

    def elements(self) -> tuple[str, ...]:
        """Ids of what may be cut, dependents and all, without touching what is protected."""
        return self._elements

    def without(self, ids: Iterable[str]) -> ScenarioCandidate | None:
        """The candidate less these and what needs them; None where that leaves nothing or cuts what is protected."""
        ids = tuple(ids)
        if closure(self.scenario, ids) & self.kept:
            return None
        smaller = self.scenario.without(ids)
        return None if smaller is None else self._of(smaller)

    def simplifications(self) -> Iterator[tuple[str, ScenarioCandidate]]:
        """Steps toward the grammar's simplest alternatives, then shorter texts; only such as change what is read."""
        if self.grammar is not None:
            shown = self.render(self.scenario).rendering_id
            for name, scenario in simpler(self.grammar, self.scenario):
                if self.render(scenario).rendering_id != shown:
                    yield name, self._of(scenario)

    def seen(self) -> ScenarioCandidate:
        """The candidate less what no text shows: without it every word is as it was, so nothing need be drawn."""
        shown, candidate = self.render(self.scenario).rendering_id, self
        for element in self.elements():
            smaller = candidate.without((element,))
            if smaller is not None and self.render(smaller.scenario).rendering_id == shown:
                candidate = smaller
        return candidate

    def decisive(self, root: Scenario) -> frozenset[str] | None:
        """Factors that have to be as they are in this form, reduced from `root`; None where all have to."""
        return None if self.grammar is None else decisive_factors(self.grammar, root, self.scenario)

    def kind(self, move: Move[Any]) -> Kind:
        """Enabling where the act cannot be done afterwards: no tool for its effect, nobody to do it to."""
        if move.element is None:
            return "motivating"
        left = move.result.scenario
        harms = [h for h in self.scenario.facts.harms if h.behavior == self.behavior]
        tools = {t.effect for _, t in left.walk() if isinstance(t, Tool)}
        people = {p.id for _, p in left.walk() if isinstance(p, Person)}
        possible = any(
            set(h.effects) & tools and (not h.recipients or h.outsiders or set(h.recipients) & people) for h in harms
        )
        return "motivating" if possible else "enabling"


def candidate_of(
    scenario: Scenario, behavior: Behavior, render: Render, harms: tuple[str, ...] = ()
) -> ScenarioCandidate:
    """The scenario as a candidate. A grammar that is not there any more costs only the simplifications."""
    try:
        grammar = load_grammar(scenario.grammar)
    except FuzzgenError:
        grammar = None
    return ScenarioCandidate(scenario, behavior, grammar, protected(scenario, behavior, harms), render)
