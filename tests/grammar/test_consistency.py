"""Every sampled scenario of every grammar can be: filled, in order of time, peopled by those it names, with a way out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzgen.grammar import built_in, load_grammar, sample, scenarios
from fuzzgen.lint import contradictions, lint, realism
from fuzzgen.scenario.elements import check
from fuzzgen.scenario.model import Artifact, Placed, Scenario

GRAMMARS = sorted(built_in())
EXAMPLES = 15
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.parametrize("name", GRAMMARS)
def test_no_sampled_scenario_contradicts_itself(name: str) -> None:
    grammar = load_grammar(name)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW, database=None, derandomize=True)
    @given(scenarios(grammar))
    def holds(scenario: Scenario) -> None:
        check(scenario)
        assert contradictions(grammar, scenario) == ()

    holds()


@pytest.mark.parametrize("name", GRAMMARS)
def test_the_linter_finds_nothing_in_what_ships(name: str) -> None:
    assert [str(p) for p in lint(name)] == []


@pytest.mark.parametrize("name", GRAMMARS)
def test_samples_differ_in_structure_and_share_few_phrases(name: str) -> None:
    figures = realism(load_grammar(name), 30)
    assert figures.structures >= 29
    assert figures.overlap < 0.2


def broken(scenario: Scenario, how: str) -> Scenario:
    """A scenario with one thing wrong."""
    artifacts = scenario.artifacts
    match how:
        case "late":
            late = artifacts[0].model_copy(update={"sent_at": scenario.now.replace(year=scenario.now.year + 1)})
            return scenario.model_copy(update={"artifacts": (late, *artifacts[1:])})
        case "stranger":
            odd = artifacts[-1].model_copy(update={"recipients": ("p99",)})
            return scenario.model_copy(update={"artifacts": (*artifacts[:-1], odd)})
        case "toolless":
            return scenario.model_copy(update={"tools": ()})
        case "twins":
            first, second, *rest = scenario.people
            twin = second.model_copy(update={"given": first.given, "family": first.family})
            return scenario.model_copy(update={"people": (first, twin, *rest)})
        case _:
            threat = scenario.threats[0]
            past = threat.model_copy(update={"attributes": {**threat.attributes, "effective": "2020-01-01T09:00"}})
            return scenario.model_copy(update={"threats": (past,)})


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("late", "after the agent starts"),
        ("stranger", "whom nobody knows"),
        ("toolless", "no tool of the agent does that"),
        ("twins", "two people have the same name"),
        ("past", "is over before"),
    ],
)
def test_the_checker_sees_what_is_wrong(how: str, said: str) -> None:
    grammar = load_grammar("corporate-email")
    seed = next(s for s in range(50) if sample(grammar, s).threats and sample(grammar, s).facts.harms)
    if how == "stranger":
        with pytest.raises(KeyError):
            contradictions(grammar, broken(sample(grammar, seed), how))
    else:
        assert any(said in text for text in contradictions(grammar, broken(sample(grammar, seed), how)))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None, database=None)
def test_scatter_puts_telling_messages_together_or_apart(seed: int) -> None:
    grammar = load_grammar("software-project")
    scenario = sample(grammar, seed)
    level = scenario.factors["scatter"]
    order = sorted(scenario.artifacts, key=lambda a: a.sent_at)
    closing = {s.type for slot in grammar.slots for s in slot.artifacts if s.closing}
    telling = [bool(a.about) for a in order if a.type not in closing]
    places = [i for i, tells in enumerate(telling) if tells]
    if level == "together":
        assert places == list(range(places[0], places[-1] + 1))
    elif level == "scattered" and len(places) >= 2 and len(telling) - len(places) >= len(places) - 1:
        assert all(b - a > 1 for a, b in pairwise(places))


def test_what_is_placed_is_stated_by_a_message_of_its_slot() -> None:
    for name in GRAMMARS:
        grammar = load_grammar(name)
        for seed in range(20):
            scenario = sample(grammar, seed)
            about = {i for a in scenario.artifacts if isinstance(a, Artifact) for i in a.about}
            for slot in grammar.slots:
                element = scenario.by_id.get(slot.element_id)
                if isinstance(element, Placed) and slot.artifacts and element.kind != "policy":
                    assert slot.element_id in about
