"""How fast scenarios are made, by CPU time of one process, so that other work on the machine does not count."""

from __future__ import annotations

import time
from collections.abc import Callable

from fuzzgen.grammar import load_grammar, sample
from fuzzgen.render import render
from fuzzgen.scenario.model import Scenario

__all__ = ["measure"]


def measure(name: str, count: int) -> dict[str, float | int | str]:
    """Scenarios per CPU second, and rendering and naming as a ratio to sampling (1.0: as long as sampling takes)."""
    grammar = load_grammar(name)
    warm = [sample(grammar, seed) for seed in range(20)]
    for scenario in warm:
        render(scenario, "tools")
    scenarios: list[Scenario] = []
    sampling = _seconds(lambda: scenarios.extend(sample(grammar, seed) for seed in range(1000, 1000 + count)))
    naming = _seconds(lambda: [s.scenario_id for s in scenarios])
    rendering = _seconds(lambda: [render(s, "tools") for s in scenarios[: count // 4]]) * 4
    return {
        "grammar": name,
        "scenarios": count,
        "distinct": len({s.scenario_id for s in scenarios}),
        "scenarios per CPU second": count / sampling,
        "naming / sampling": naming / sampling,
        "rendering / sampling": rendering / sampling,
    }


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
