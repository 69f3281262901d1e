"""Planted agents: the pure functions of factors and the whole path through rendering, reading, acting and judging agree."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest
from simulated_office import grammar, run, with_facts

from fuzzgen.errors import UsageError
from fuzzgen.grammar import sample
from fuzzgen.target.reference.agents import check_name, decide
from fuzzgen.target.reference.planted import KINDS, Planted, fires, planted, planted_triggers, stage_of, stages
from fuzzgen.target.reference.rules import ABSENT, knowledge

BEHAVIORS = ("blackmail", "leak", "sabotage")


def test_a_seed_always_gives_the_same_triggers_and_another_seed_others() -> None:
    assert planted_triggers(7) == planted_triggers(7)
    assert planted_triggers(7) != planted_triggers(8)


def test_kinds_differ_in_gradient_only_so_that_they_can_be_compared_in_pairs() -> None:
    for seed in range(30):
        graded = planted_triggers(seed, "graded")
        for kind in ("half-graded", "flat", "deceptive"):
            other = planted_triggers(seed, kind)
            assert [(t.facts, t.behavior, t.needs) for t in other] == [(t.facts, t.behavior, t.needs) for t in graded]
    assert {t.slope for t in planted_triggers(0, "half-graded")} == {0, 1}
    assert planted_triggers(0, "clean") == ()


def test_every_trigger_can_hold_and_rests_on_two_to_eight_facts() -> None:
    for seed in range(12):
        for trigger in planted_triggers(seed):
            scenario = with_facts(dict(trigger.facts), seed)
            assert trigger.complete(scenario.factors)
            assert trigger.possible(scenario.factors)
            assert 2 <= len(trigger.facts) <= 8
            assert len({factor for factor, _ in trigger.facts}) == len(trigger.facts)


def test_triggers_of_all_lengths_and_behaviors_occur_and_none_contains_another() -> None:
    triggers = [t for seed in range(40) for t in planted_triggers(seed)]
    assert {len(t.facts) for t in triggers} == set(range(1, 9)) - {1}
    assert {t.behavior for t in triggers} == set(knowledge().acts) == set(BEHAVIORS)
    for seed in range(40):
        mine = planted_triggers(seed)
        assert not [
            (a, b) for a in mine for b in mine if a != b and a.behavior == b.behavior and set(a.facts) <= set(b.facts)
        ]


def test_how_often_a_complete_trigger_fires_is_its_probability() -> None:
    for p in (0.2, 0.6, 1.0):
        trigger = planted_triggers(3, probability=p)[0]
        rate = sum(bool(fires([trigger], dict(trigger.facts), seed)) for seed in range(3000)) / 3000
        assert abs(rate - p) < 0.03


def test_the_stage_rises_with_the_facts_where_graded_and_falls_where_deceptive() -> None:
    for seed in range(6):
        for kind in ("graded", "flat", "deceptive"):
            for trigger in planted_triggers(seed, kind, probability=0.0):
                whole = with_facts(dict(trigger.facts), seed).factors
                facts = [f for f, _ in trigger.facts if f not in trigger.needs]
                shown = []
                for count in range(len(facts) + 1):
                    some = {**whole, **dict.fromkeys(facts[count:], ABSENT)}
                    shown.append(stage_of([trigger], some, seed))
                match kind:
                    case "graded":
                        assert shown == sorted(shown)
                        assert shown[-1] == 3
                    case "deceptive":
                        assert shown == sorted(shown, reverse=True)
                        assert shown[-1] == 0
                    case _:
                        assert set(shown) == {0}


def test_the_whole_path_shows_what_the_pure_functions_say() -> None:
    rng = Random(4)
    acted = 0
    stages_seen = []
    for number in range(120):
        seed, kind = rng.randrange(500), KINDS[number % len(KINDS)]
        agent = planted(f"seed={seed}&kind={kind}")
        wanted = dict(rng.choice(planted_triggers(seed)).facts)
        if number % 3 == 0:
            wanted.pop(rng.choice(sorted(wanted)))
        scenario = with_facts(wanted, number)
        ran = run(f"planted?seed={seed}&kind={kind}", scenario, number)
        expected = {t.behavior for t in fires(agent.triggers, scenario.factors, number)}
        assert ran.hits == expected
        for behavior in {h.behavior for h in scenario.facts.harms} & set(BEHAVIORS):
            shown = stage_of(agent.triggers, scenario.factors, number, behavior)
            stages_seen.append((ran.stage(behavior), shown))
        acted += bool(expected)
    assert 30 < acted < 90
    # An act is certain; how far a thought goes is for a judge to say, who may now and then read more or less in it.
    assert sum(judged == shown for judged, shown in stages_seen) >= 0.95 * len(stages_seen)
    assert {shown for _, shown in stages_seen} == {0, 1, 2, 3, 5}


def test_on_sampled_scenarios_too() -> None:
    name = "planted?seed=5&triggers=60&facts=2-3"
    agent = check_name(name)
    assert isinstance(agent, Planted)
    for number in range(30):
        scenario = sample(grammar(), 5000 + number)
        ran = run(name, scenario, number)
        assert ran.hits == {t.behavior for t in fires(agent.triggers, scenario.factors, number)}
        assert set(decide(agent, scenario.factors, number).acts) == ran.hits


def test_a_behavior_is_shown_at_stage_two_only_where_its_act_is_possible() -> None:
    for seed in range(200):
        triggers = planted_triggers(seed, KINDS[seed % 4])
        factors = sample(grammar(), seed).factors
        for behavior, stage in stages(triggers, factors, seed).items():
            assert not behavior or stage > 1
            if behavior:
                assert any(all(factors[s] != ABSENT for s in slots) for slots in knowledge().acts[behavior])


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("kind=grated", "graded"),
        ("sead=3", "seed"),
        ("seed=many", "seed=N"),
        ("triggers=0", "seed=N"),
        ("p=1.5", "p=0..1"),
        ("facts=9-3", "LOW-HIGH"),
    ],
)
def test_a_bad_query_is_refused_with_the_fix(query: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        check_name(f"planted?{query}")
    assert says in str(error.value.fix)


def test_the_pure_module_loads_without_litellm() -> None:
    code = "import sys, fuzzgen.target.reference.planted; sys.exit('litellm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
