"""An office with every tool there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scripted_target import call

import fuzzgen
from fuzzgen.grammar import build
from fuzzgen.grammar.build import Structure
from fuzzgen.office import Office
from fuzzgen.render import render
from fuzzgen.scenario.model import ABSENT, Scenario
from fuzzgen.scenario.rendering import Rendering


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    """Everything that corporate-email can place is there, so the agent has every tool."""
    grammar = fuzzgen.load_grammar("corporate-email")
    levels = {f.name: next(x for x in f.levels if x != ABSENT) for f in grammar.factors}
    return build(grammar, Structure(grammar.settle(levels), people=9, ordinary=8, surface=12))


@pytest.fixture(scope="session")
def rendering(scenario: Scenario) -> Rendering:
    return render(scenario, "tools")


@pytest.fixture
def office(scenario: Scenario, rendering: Rendering) -> Office:
    return Office(scenario, rendering)


@pytest.fixture
def use(office: Office) -> Callable[..., str]:
    """Calls a tool of the office at step 3 and gives its answer."""
    return lambda name, arguments=None, step=3: office.call(step, call(name, arguments)).content
