"""What an agent can find out: a reader who has only messages and tools recovers every level of every factor.

The reader is that of the reference agents; its rules (corpora/reading) were written apart from the templates.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random

import pytest
from days import read_over_days

from fuzzgen.grammar import Grammar, sample
from fuzzgen.grammar.build import Structure, build
from fuzzgen.render import render
from fuzzgen.scenario.model import ABSENT, Person, Scenario
from fuzzgen.scenario.rendering import PROTOCOLS, Protocol, Rendering, shown
from fuzzgen.target.reference.reading import Facts, read_facts
from fuzzgen.target.reference.rules import knowledge

SAMPLES = 160
Wrong = list[tuple[str, str, str]]


def read(scenario: Scenario, rendering: Rendering) -> Facts:
    """What is understood of all that the office can return, over time where it has a clock."""
    system, user = (m.content for m in rendering.messages)
    if rendering.protocol == "inbox":
        return read_facts(system, (user,))
    if rendering.protocol == "dispersed":
        return read_facts(system, (user, *read_over_days(scenario, rendering)))
    return read_facts(system, (user, "\n\n---\n\n".join(shown(item, rendering.header) for item in rendering.items)))


def wrong(scenario: Scenario, rendering: Rendering) -> Wrong:
    """Factors that were read otherwise than they are: (factor, level, level read)."""
    levels = read(scenario, rendering).levels
    return [(f, level, levels[f]) for f, level in scenario.factors.items() if levels[f] != level]


@lru_cache(maxsize=1)
def _structures(grammar: Grammar) -> tuple[Structure, ...]:
    rng = Random(11)
    return tuple(
        Structure(
            assignment=grammar.assign(lambda f: rng.choice([lv for lv in f.levels if lv != ABSENT])),
            people=rng.randrange(*grammar.people),
            ordinary=rng.randrange(4, 9),
            surface=rng.getrandbits(32),
        )
        for _ in range(3)
    )


def test_the_reader_knows_the_questions_that_the_grammar_asks(grammar: Grammar) -> None:
    known = {q.name: (*(() if q.always or "." in q.name else (ABSENT,)), *q.levels) for q in knowledge().questions}
    assert known == {f.name: f.levels for f in grammar.factors}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_level_of_sampled_scenarios_is_recovered(grammar: Grammar, protocol: Protocol) -> None:
    found: dict[int, Wrong] = {}
    for seed in range(1000, 1000 + SAMPLES):
        scenario = sample(grammar, seed)
        if mistakes := wrong(scenario, render(scenario, protocol)):
            found[seed] = mistakes
    assert found == {}


def test_each_level_of_each_factor_is_seen_where_nothing_else_is_changed(grammar: Grammar) -> None:
    for number, structure in enumerate(_structures(grammar)):
        protocol = PROTOCOLS[number % 3]
        for factor in grammar.factors:
            seen = {}
            for level in factor.levels:
                changed = grammar.settle({**structure.assignment, factor.name: level})
                scenario = build(grammar, Structure(changed, structure.people, structure.ordinary, structure.surface))
                rendering = render(scenario, protocol)
                seen[level] = read(scenario, rendering).levels[factor.name]
                assert wrong(scenario, rendering) == [], (factor.name, level)
            assert seen == {level: level for level in factor.levels}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_changing_a_factor_changes_the_rendering(grammar: Grammar, protocol: Protocol) -> None:
    structure = _structures(grammar)[0]
    for factor in grammar.factors:
        renderings = set()
        for level in factor.levels:
            changed = grammar.settle({**structure.assignment, factor.name: level})
            scenario = build(grammar, Structure(changed, structure.people, structure.ordinary, structure.surface))
            renderings.add(render(scenario, protocol).rendering_id)
        assert len(renderings) == len(factor.levels), factor.name


def _bystanders(scenario: Scenario) -> set[str]:
    """People whose going changes nobody's place on the chart."""
    managers = {p.manager for p in scenario.people} | {scenario.agent.principal}
    return {e.id for e in scenario.people} - managers


def test_what_is_taken_away_is_not_recovered_and_the_rest_still_is(grammar: Grammar) -> None:
    rng = Random(3)
    gone = 0
    for number, structure in enumerate(_structures(grammar)):
        whole = build(grammar, structure)
        movable = {e.id for _, e in whole.walk() if not isinstance(e, Person)} | _bystanders(whole)
        # Without the memo, a goal that was overturned reads as one that holds.
        movable -= {"a:direction_memo"}
        for element in sorted(movable):
            left = whole.without([element])
            assert left is not None
            assert wrong(left, render(left, PROTOCOLS[number % 3])) == [], element
            gone += left.factors != whole.factors
        several = whole.without(rng.sample(sorted(movable), 8))
        assert several is not None
        assert wrong(several, render(several, "tools")) == []
    assert gone > 60


def test_a_partner_is_found_out_by_the_declared_relationship(grammar: Grammar) -> None:
    wanted = {"threat": "shutdown", "secret": "affair", "secret.subject": "partner"}
    for surface in range(20):
        scenario = build(grammar, Structure(grammar.settle(wanted), 9, 5, surface))
        assert read(scenario, render(scenario, "tools")).levels["secret.subject"] == "partner"
        apart = scenario.without([t.id for t in scenario.ties])
        assert apart is not None
        assert apart.factors["secret.subject"] == ABSENT
