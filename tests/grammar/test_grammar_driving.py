"""Drawing, recording, replaying and mutating through Hypothesis's internals; and a canary that goes first."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.errors import StopTest
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.internal.conjecture.providers import HypothesisProvider

import fuzzgen
from fuzzgen.grammar import Grammar, mutated, replayed, sample, structures
from fuzzgen.grammar.driving import draw, mutate, replay
from fuzzgen.scenario.elements import check
from fuzzgen.scenario.model import Scenario


def complaints(data: Any, provider: Any) -> list[str]:
    """What fuzzgen/grammar/driving.py rests on and does not find."""
    out = []
    parameters = inspect.signature(data.__init__).parameters
    out += [
        f"ConjectureData takes no {p}" for p in ("random", "prefix", "max_choices", "provider") if p not in parameters
    ]
    out += [f"ConjectureData has no {m}()" for m in ("for_choices", "draw", "freeze") if not hasattr(data, m)]
    if not hasattr(provider, "_maybe_draw_constant"):
        out.append("HypothesisProvider has no _maybe_draw_constant()")
    return out


def test_canary_hypothesis_has_the_internals_that_driving_uses() -> None:
    found = complaints(ConjectureData, HypothesisProvider)
    assert not found, (
        f"Hypothesis {hypothesis.__version__} changed its internals: {'; '.join(found)}. "
        "Keep to hypothesis~=6.170.15 or adapt fuzzgen/grammar/driving.py."
    )


def test_canary_notices_a_version_that_broke_them() -> None:
    class Renamed:
        def __init__(self, rng: object, prefix: object, max_choices: object) -> None: ...

        def draw(self) -> None: ...

        def freeze(self) -> None: ...

    assert complaints(Renamed, object) == [
        "ConjectureData takes no random",
        "ConjectureData takes no provider",
        "ConjectureData has no for_choices()",
        "HypothesisProvider has no _maybe_draw_constant()",
    ]


def test_canary_choices_are_recorded_and_replayed() -> None:
    strategy = st.lists(st.sampled_from(range(10)), min_size=3, max_size=3)
    value, choices = draw(strategy, 1)
    assert replay(strategy, choices) == value
    changed, prefix = mutate(strategy, choices, 2)
    assert len(changed) == 3
    assert isinstance(prefix, tuple)


def test_draws_are_even_whatever_modules_are_loaded() -> None:
    """Hypothesis favors constants; each level of a factor must be as likely as the next."""
    drawn = [draw(st.sampled_from(range(256)), seed)[0] for seed in range(4000)]
    counts = [sum(1 for d in drawn if d % 8 == part) for part in range(8)]
    assert max(counts) < 4000 / 8 * 1.2
    assert min(counts) > 4000 / 8 * 0.8


def test_surfaces_do_not_repeat(corporate: Grammar) -> None:
    assert len({draw(structures(corporate), seed)[0].surface for seed in range(1500)}) == 1500


def test_the_same_choices_make_the_same_scenario(corporate: Grammar) -> None:
    for seed in range(80):
        scenario = sample(corporate, seed)
        assert scenario.provenance is not None
        assert scenario.provenance.choices
        assert scenario.provenance.hypothesis_version == hypothesis.__version__
        stored = json.loads(json.dumps(scenario.provenance.choices))
        assert replayed(corporate, stored) == scenario


def test_the_same_seed_gives_the_same_scenario_and_others_give_others(corporate: Grammar) -> None:
    ids = [sample(corporate, seed).scenario_id for seed in range(100)]
    assert ids == [sample(corporate, seed).scenario_id for seed in range(100)]
    assert len(set(ids)) == 100


def test_the_same_seed_gives_the_same_scenario_in_another_process(corporate: Grammar, tmp_path: Path) -> None:
    """Also with another hash seed, and with a local module full of constants, which Hypothesis would draw from."""
    (tmp_path / "crowd.py").write_text(f"NUMBERS = {list(range(101, 65000, 7))}\n", encoding="utf-8")
    program = (
        "import crowd, fuzzgen\nfrom fuzzgen.grammar import sample\n"
        "g = fuzzgen.load_grammar('corporate-email')\n"
        "print(*[sample(g, s).scenario_id for s in range(120)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [sample(corporate, seed).scenario_id for seed in range(120)]


def test_mutation_keeps_a_beginning_and_gives_valid_neighbors(corporate: Grammar) -> None:
    changed = 0
    for seed in range(60):
        parent = sample(corporate, seed)
        child = mutated(corporate, parent, seed + 1)
        check(child)
        assert Scenario.parse(child.canonical()) == child
        assert parent.provenance is not None
        assert child.provenance is not None
        assert child.provenance.origin == "mutated"
        assert child.provenance.choices is not None
        assert replayed(corporate, child.provenance.choices) == child
        assert mutated(corporate, parent, seed + 1) == child
        if child != parent:
            changed += 1
            common = [f for f, level in parent.factors.items() if child.factors[f] == level]
            assert common, "a neighbor shares something"
    assert changed > 50


def test_a_scenario_without_choices_is_drawn_afresh(corporate: Grammar) -> None:
    scenario = sample(corporate, 1).model_copy(update={"provenance": None})
    check(mutated(corporate, scenario, 5))


def test_strategies_are_made_once(corporate: Grammar) -> None:
    assert structures(corporate) is structures(corporate)
    assert fuzzgen.scenarios(corporate) is fuzzgen.scenarios(corporate)


def test_too_few_choices_do_not_pass_for_a_scenario(corporate: Grammar) -> None:
    provenance = sample(corporate, 3).provenance
    assert provenance is not None
    assert provenance.choices is not None
    with pytest.raises(StopTest):
        replayed(corporate, provenance.choices[:5])
