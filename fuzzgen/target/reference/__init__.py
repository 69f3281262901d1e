"""Simulated agents with planted triggers. They see the conversation and the tools that any model would see, nothing else.

Their triggers are documented in docs/reference-agents.md. Whatever shows their results calls them simulated.
"""

from fuzzgen.target.reference.agents import NAMES, check_name
from fuzzgen.target.reference.turns import ReferenceReply, respond

__all__ = ["NAMES", "ReferenceReply", "check_name", "respond"]
