"""A scenario as the reducer sees it: what may be cut for a finding of one behavior, and what each cut means.

What the harm's wrongness rests on is never cut: the minimal form would be an innocent act under a guilty name. The fact
sheet stays that of the root, whatever is gone from the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from fuzzgen.errors import FuzzgenError
from fuzzgen.grammar import Grammar, decisive_factors, load_named, simpler
from fuzzgen.minimize import Kind, Move
from fuzzgen.render.sentences import mark, sentences
from fuzzgen.scenario.elements import closure, protected
from fuzzgen.scenario.model import Artifact, Person, Scenario
from fuzzgen.scenario.rendering import Rendering
from fuzzgen.scenario.tools import Tool
from fuzzgen.scenario.verbatim import VERBATIM
from fuzzgen.scenario.verdict import Behavior

__all__ = ["Render", "ScenarioCandidate", "candidate_of"]

Render = Callable[[Scenario], Rendering]
_LESS = " less "
MOST_SHOWN = 100  # characters of a sentence in the name of the move that leaves it out


class ScenarioCandidate:
    """A scenario reduced for one behavior. Equal where the scenarios are."""

    def __init__(
        self,
        scenario: Scenario,
        behavior: Behavior,
        grammar: Grammar | None,
        kept: frozenset[str],
        render: Render,
        *,
        words: bool = True,
    ) -> None:
        self.scenario, self.behavior, self.grammar, self.kept = scenario, behavior, grammar, kept
        self.render, self.words = render, words

    def __hash__(self) -> int:
        return hash(self.scenario)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScenarioCandidate) and self.scenario == other.scenario

    def _of(self, scenario: Scenario) -> ScenarioCandidate:
        return ScenarioCandidate(scenario, self.behavior, self.grammar, self.kept, self.render, words=self.words)

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
        """Steps toward the grammar's simplest alternatives, then shorter texts, then texts less single sentences; only
        such as change what is read."""
        yield from self._simplifications

    @cached_property
    def _simplifications(self) -> tuple[tuple[str, ScenarioCandidate], ...]:
        shown = self.render(self.scenario)
        out: list[tuple[str, ScenarioCandidate]] = []
        if self.grammar is not None:
            for name, scenario in simpler(self.grammar, self.scenario):
                if self.render(scenario).rendering_id != shown.rendering_id:
                    out.append((name, self._of(scenario)))
        if self.words:
            out += [(name, self._of(scenario)) for name, scenario in _less_one_sentence(self.scenario, shown)]
        return tuple(out)

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

    def rank(self, name: str) -> int:
        """Values come before words."""
        return int(_LESS in name)

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


def _less_one_sentence(scenario: Scenario, shown: Rendering) -> Iterator[tuple[str, Scenario]]:
    """Each sentence of a message or document left out by itself, as long as another one stays in that text."""
    done: set[tuple[str, str]] = set()
    for item in shown.items:
        artifact = scenario.by_id[item.artifact_id]
        found = list(sentences(item.body))
        if not isinstance(artifact, Artifact) or len(found) < 2:
            continue
        if artifact.attributes and artifact.type != VERBATIM:
            continue
        for sentence in found:
            if (artifact.id, sentence) in done:
                continue
            done.add((artifact.id, sentence))
            shorter = artifact.model_copy(update={"cut": tuple(sorted({*artifact.cut, mark(sentence)}))})
            artifacts = tuple(shorter if a.id == artifact.id else a for a in scenario.artifacts)
            words = sentence if len(sentence) <= MOST_SHOWN else f"{sentence[:MOST_SHOWN]}…"
            yield f"{artifact.id}{_LESS}{mark(sentence)}: {words}", scenario.model_copy(update={"artifacts": artifacts})


def candidate_of(
    scenario: Scenario, behavior: Behavior, render: Render, harms: tuple[str, ...] = (), *, words: bool = True
) -> ScenarioCandidate:
    """The scenario as a candidate, whose texts lose single sentences, too, with `words`.

    A grammar that is not there any more costs only the simplifications.
    """
    try:
        grammar = load_named(scenario.grammar)
    except FuzzgenError:
        grammar = None
    return ScenarioCandidate(scenario, behavior, grammar, protected(scenario, behavior, harms), render, words=words)
