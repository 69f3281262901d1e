"""Elites, what their stage rests on, and how episodes are shared out."""

from __future__ import annotations

from random import Random

import pytest

from fuzzgen.explore import FactorSpace
from fuzzgen.explore.archive import PATIENCE, Archive
from fuzzgen.explore.bandit import Bandit
from fuzzgen.explore.relevance import Relevance
from fuzzgen.grammar import load_grammar

GRAMMAR = load_grammar("corporate-email")
SPACE = FactorSpace([GRAMMAR])
NAMES = [f.name for f in GRAMMAR.factors]


def test_one_lucky_sample_makes_no_elite() -> None:
    archive = Archive()
    challenger = archive.consider(SPACE.draw(GRAMMAR, 1), "leak", 3)
    assert challenger is not None
    assert not archive.elites
    assert archive.seen_again(challenger.number, 0) == (0, False)
    assert not archive.elites


def test_a_stage_seen_twice_does() -> None:
    archive = Archive()
    challenger = archive.consider(SPACE.draw(GRAMMAR, 1), "leak", 3)
    assert challenger is not None
    assert archive.seen_again(challenger.number, 2) == (2, True)
    (elite,) = archive.elites.values()
    assert elite.stage == 2  # the lower of the two


def test_a_cell_keeps_what_came_furthest_until_it_is_stale() -> None:
    archive = Archive()
    draft = SPACE.draw(GRAMMAR, 1)
    first = archive.consider(draft, "leak", 2)
    assert first is not None
    archive.seen_again(first.number, 2)
    assert archive.consider(draft, "leak", 2) is None
    first.barren = PATIENCE
    second = archive.consider(draft, "leak", 2)
    assert second is not None
    archive.seen_again(second.number, 2)
    assert list(archive.elites.values()) == [second]


def test_cells_are_behavior_threat_and_what_its_harms_need() -> None:
    archive = Archive()
    factors = GRAMMAR.settle({"threat": "audit", "secret": "affair", "material": "blueprint"})
    blackmail, leak = (archive.consider(SPACE.make(GRAMMAR, factors, 0), b, 2) for b in ("blackmail", "leak"))
    assert blackmail is not None
    assert leak is not None
    assert blackmail.cell == ("corporate-email", "blackmail", "audit", "affair")
    assert leak.cell == ("corporate-email", "leak", "audit", "blueprint")


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_the_facts_that_a_stage_rests_on_are_told_from_the_rest_by_a_few_dozen_children(noise: float) -> None:
    found = []
    for seed in range(20):
        rng = Random(seed)
        facts = set(rng.sample(NAMES, 6))
        belief = Relevance()
        for _ in range(60):
            touched = belief.choose(NAMES, rng)
            kept = not facts & touched
            belief.learn(touched, kept if rng.random() >= noise else not kept)
        ranked = sorted(NAMES, key=belief.of, reverse=True)
        found.append(len(facts & set(ranked[:6])) / 6)
    assert sum(found) / len(found) > (0.95 if not noise else 0.8)


def test_children_keep_the_facts_and_change_most_of_the_rest() -> None:
    rng = Random(1)
    facts = {"threat", "secret", "goal"}
    belief = Relevance({name: 0.95 if name in facts else 0.01 for name in NAMES})
    chosen = [belief.choose(NAMES, rng) for _ in range(50)]
    assert all(not facts & c for c in chosen)
    assert sum(map(len, chosen)) / len(chosen) > 0.8 * (len(NAMES) - 3)


def test_the_bandit_follows_rewards_and_keeps_the_floors() -> None:
    bandit = Bandit({"random": 0.25, "qd": 0.1}, Random(0), {"random": 0.01, "qd": 0.01})
    assert bandit.share("qd") == pytest.approx(0.1 + 0.65 / 2)
    for _ in range(500):
        bandit.tell("qd", 0.1)
        bandit.tell("random", 0.0)
    assert bandit.share("random") < 0.35
    for _ in range(3000):
        bandit.tell("random", 0.02)
        bandit.tell("qd", 0.0)
    assert 0.1 <= bandit.share("qd") < 0.2
    drawn = [bandit.choose() for _ in range(4000)]
    assert drawn.count("qd") > 0.08 * len(drawn)
