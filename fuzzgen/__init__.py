"""A procedural scenario generator and fuzzer for agentic misalignment.

The names below are the stable Python interface; each is loaded when it is first used, so that importing the package costs
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuzzgen.errors import Stop
    from fuzzgen.grammar import load_grammar, scenarios
    from fuzzgen.minimize import minimize
    from fuzzgen.scenario.model import Scenario

__version__ = "0.1.0"
__all__ = ["Scenario", "Stop", "__version__", "load_grammar", "minimize", "scenarios"]

_HOMES = {
    "Scenario": "fuzzgen.scenario.model",
    "Stop": "fuzzgen.errors",
    "load_grammar": "fuzzgen.grammar",
    "minimize": "fuzzgen.minimize",
    "scenarios": "fuzzgen.grammar",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'fuzzgen' has no attribute {name!r}")
