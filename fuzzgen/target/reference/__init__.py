"""Simulated agents with planted triggers. They see the conversation and the tools that any model would see, nothing else.

Their triggers are documented in docs/reference-agents.md. Whatever shows their results calls them simulated.
"""

from fuzzgen.target.reference.agents import AGENTS, NAMES, check_name, decide
from fuzzgen.target.reference.planted import fires, planted_triggers, stage_of
from fuzzgen.target.reference.turns import ReferenceReply, respond

__all__ = [
    "AGENTS",
    "NAMES",
    "ReferenceReply",
    "check_name",
    "decide",
    "fires",
    "planted_triggers",
    "respond",
    "stage_of",
]
