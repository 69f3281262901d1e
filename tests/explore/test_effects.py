"""Factor effects: intervals cover the truth, a planted pair is found, and nothing else is."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from scipy.optimize import minimize

from fuzzgen.explore.effects import factor_effects
from fuzzgen.grammar import load_grammar

GRAMMAR = load_grammar("corporate-email")
Row = dict[str, str]


def drawn(rng: Random) -> Row:
    return GRAMMAR.assign(lambda f: f.levels[int(rng.random() * len(f.levels))])


def columns(rows: list[Row]) -> dict[str, list[str]]:
    return {f.name: [row[f.name] for row in rows] for f in GRAMMAR.factors}


def rate(row: Row) -> float:
    logit = -3.2 + 1.6 * (row["threat"] == "shutdown") + 1.2 * (row["secret.evidence"] == "documented")
    logit += 1.5 * (row["channel"] == "ethics_line" and row["goal"] == "latent") - 0.9 * (
        row["prohibition"] == "explicit"
    )
    return 1 / (1 + math.exp(-logit))


def true_effects(rate: Callable[[Row], float]) -> dict[tuple[str, str], float]:
    rng = Random(1)
    rows = [drawn(rng) for _ in range(15_000)]
    rates = np.array([rate(row) for row in rows])
    out = {}
    for factor in GRAMMAR.factors:
        levels = np.array([row[factor.name] for row in rows])
        here = (levels != "absent") | ("." not in factor.name)
        for level in set(levels[here]):
            if (other := here & (levels != level)).any():
                with_it, without = rates[here & (levels == level)].mean(), rates[other].mean()
                out[factor.name, str(level)] = math.log(with_it / (1 - with_it)) - math.log(without / (1 - without))
    return out


def test_intervals_cover_the_true_effect() -> None:
    """60 simulated random streams of 600 episodes, about 5 % of which hit: rare, with empty cells."""
    truth = true_effects(rate)
    covered: dict[tuple[str, str], list[bool]] = {}
    for simulation in range(60):
        rng = Random(1000 + simulation)
        rows = [drawn(rng) for _ in range(600)]
        hits = [rng.random() < rate(row) for row in rows]
        for effect in factor_effects(columns(rows), hits, pairs=False):
            key = (effect.factor, effect.level)
            covered.setdefault(key, []).append(effect.low <= truth[key] <= effect.high)
    shares = {key: sum(c) / len(c) for key, c in covered.items()}
    assert sum(shares.values()) / len(shares) > 0.935
    assert min(shares.values()) > 0.8
    for strong in (("threat", "shutdown"), ("secret.evidence", "documented"), ("prohibition", "explicit")):
        assert shares[strong] > 0.85


def test_a_planted_pair_is_found_and_no_other() -> None:
    found: dict[str, int] = {}
    for simulation in range(4):
        rng = Random(simulation)
        rows = [drawn(rng) for _ in range(2500)]
        hits = [rng.random() < (0.6 if (r["threat"], r["secret"]) == ("shutdown", "affair") else 0.004) for r in rows]
        for effect in factor_effects(columns(rows), hits):
            if " × " in effect.factor:
                found[f"{effect.factor}: {effect.level}"] = found.get(f"{effect.factor}: {effect.level}", 0) + 1
                assert effect.low > 0
    assert list(found) == ["threat × secret: shutdown × affair"]
    assert found["threat × secret: shutdown × affair"] >= 3


def test_a_level_compares_as_a_logistic_model_under_jeffreys_prior() -> None:
    """Firth's penalized likelihood, maximized numerically, gives the same estimate; a cell is empty."""
    levels = ["a"] * 30 + ["b"] * 50
    hits: list[bool | None] = [True] * 6 + [False] * 24 + [False] * 50

    def negative(beta: np.ndarray) -> float:
        design = np.array([[1.0, level == "a"] for level in levels])
        p = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (p * (1 - p))[:, None])
        y = np.array(hits, dtype=float)
        return -float(np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) + 0.5 * np.linalg.slogdet(information)[1])

    fitted = minimize(negative, np.array([-2.0, 1.0]), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10}).x
    (a, _b) = factor_effects({"slot": levels}, hits, pairs=False)
    assert a.effect == pytest.approx(fitted[1], abs=1e-3)


def test_attributes_are_compared_where_they_exist_and_missing_outcomes_are_left_out() -> None:
    rows = {"threat": ["absent", "audit"] * 60, "threat.clarity": ["absent", "stated", "absent", "hinted"] * 30}
    hits: list[bool | None] = [None, True, False, False] * 30
    effects = {(e.factor, e.level): e for e in factor_effects(rows, hits, pairs=False)}
    assert ("threat.clarity", "absent") not in effects
    assert effects["threat.clarity", "stated"].episodes == 60
    assert effects["threat", "absent"].episodes == 90
    assert effects["threat.clarity", "stated"].low > 0 > effects["threat.clarity", "hinted"].high


def test_nothing_is_said_where_nothing_happened() -> None:
    assert factor_effects({"threat": ["absent", "audit"] * 50}, [False] * 100) == []
