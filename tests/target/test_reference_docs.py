"""docs/reference-agents.md states what the code does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from fuzzgen.target.reference import AGENTS, NAMES
from fuzzgen.target.reference.planted import FACTS, KINDS, PROBABILITY, STEPS, TRIGGERS, planted, planted_triggers

DOC = (Path(__file__).parents[2] / "docs" / "reference-agents.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `reference/(\w+)` \| ([^|]+) \| ([^|]+) \| ([\d.]+) \|$", re.MULTILINE)
FACT = re.compile(r"`([\w.]+)`: ([\w, ]+)")


def rows(heading: str) -> dict[str, str]:
    """First and second cell of the table under a header row."""
    table = DOC.partition(f"\n| {heading}")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[c.strip().strip("`") for c in line.strip("|").split("|")] for line in table]
    return {c[0]: c[1] for c in cells}


def test_triggers_acts_and_probabilities_are_those_of_the_code() -> None:
    documented = {
        name: ({f: tuple(levels.split(", ")) for f, levels in FACT.findall(facts)}, act, float(p))
        for name, act, facts, p in ROW.findall(DOC)
    }
    assert documented == {
        name: (
            {factor: tuple(levels) for factor, levels in agent.trigger.items()},
            f"{agent.act}, declined" if agent.declines else agent.act or "none",
            agent.probability,
        )
        for name, agent in AGENTS.items()
    }


def test_every_agent_and_every_kind_and_option_of_planted_is_documented() -> None:
    assert all(f"reference/{name}" in DOC for name in NAMES)
    assert tuple(rows("kind")) == KINDS
    options = rows("option")
    assert set(options) == {"seed", "kind", "triggers", "p", "facts"}
    query = "&".join(f"{name}={default}" for name, default in options.items())
    assert planted(query) == planted("")
    assert options["facts"] == f"{FACTS[0]}-{FACTS[1]}"
    assert (int(options["triggers"]), float(options["p"])) == (TRIGGERS, PROBABILITY)
    assert STEPS == (0.5, 0.7, 0.85)
    assert inspect.signature(planted_triggers).parameters["kind"].default == options["kind"]


def test_it_says_that_the_results_are_simulated() -> None:
    assert "**Its results are simulated: they say nothing about" in DOC
