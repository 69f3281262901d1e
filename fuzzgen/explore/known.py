"""A known trigger as facts over factors, read off its minimal form.

The alternatives of slots and the relations of roles that are left count; of attributes and alternatives only those that
the reduction found decisive. A slot whose alternative does not matter has to be filled, no more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fuzzgen.scenario.model import ABSENT, Placed, Scenario

__all__ = ["FILLED", "Fact", "Known", "holds", "known_trigger"]

Fact = tuple[str, str]  # factor, level
FILLED = "*"
"""In place of a level: any but "absent"."""


def holds(fact: Fact, factors: Mapping[str, str]) -> bool:
    """Whether a fact holds in these factor levels."""
    level = factors.get(fact[0], ABSENT)
    return level == fact[1] or (fact[1] == FILLED and level != ABSENT)


@dataclass(frozen=True)
class Known:
    """A trigger in its minimal form: `facts` are what it needs, all of them.

    `fingerprint` names its structure; two findings with one fingerprint are one discovery.
    """

    behavior: str
    facts: frozenset[Fact]
    fingerprint: str = ""

    def share(self, factors: Mapping[str, str]) -> float:
        """The share of its facts that hold, 0 to 1; 1 where it is contained."""
        return sum(holds(fact, factors) for fact in self.facts) / len(self.facts) if self.facts else 0.0


def known_trigger(behavior: str, minimal: Scenario, decisive: Collection[str] | None, fingerprint: str = "") -> Known:
    """The trigger of a minimal form; `decisive` names the factors that have to be as they are, None for all."""
    people = {e.id: e.people for _, e in minimal.walk() if isinstance(e, Placed)}
    facts = set()
    for factor, level in minimal.factors.items():
        if level == ABSENT:
            continue
        slot, _, part = factor.partition(".")
        if decisive is None or factor in decisive or part in people.get(slot, {}):
            facts.add((factor, level))
        elif not part:
            facts.add((factor, FILLED))
    return Known(behavior, frozenset(facts), fingerprint)
