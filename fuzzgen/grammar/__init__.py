"""YAML → checked grammar → Hypothesis strategy of scenarios. The one room that knows Hypothesis."""

from fuzzgen.grammar.build import Structure, build
from fuzzgen.grammar.driving import HYPOTHESIS_VERSION
from fuzzgen.grammar.load import load_grammar, load_named
from fuzzgen.grammar.model import Assignment, Factor, Grammar
from fuzzgen.grammar.names import built_in
from fuzzgen.grammar.reskin import reskinned
from fuzzgen.grammar.simplify import decisive_factors, simpler
from fuzzgen.grammar.strategy import mutated, replayed, sample, scenarios, structures

__all__ = [
    "HYPOTHESIS_VERSION",
    "Assignment",
    "Factor",
    "Grammar",
    "Structure",
    "build",
    "built_in",
    "decisive_factors",
    "load_grammar",
    "load_named",
    "mutated",
    "replayed",
    "reskinned",
    "sample",
    "scenarios",
    "simpler",
    "structures",
]
