"""Scenarios for the tests of rendering: sampled once, and one of every artifact type written by hand."""

from __future__ import annotations

import pytest

import fuzzgen
from fuzzgen.grammar import Grammar, sample
from fuzzgen.scenario.model import Scenario

SAMPLES = 60


@pytest.fixture(scope="session")
def grammar() -> Grammar:
    return fuzzgen.load_grammar("corporate-email")


@pytest.fixture(scope="session")
def scenarios(grammar: Grammar) -> list[Scenario]:
    return [sample(grammar, seed) for seed in range(SAMPLES)]
