"""Brings the table `factor_effects` up to date with the episodes that are in the database."""

from __future__ import annotations

from pathlib import Path

from fuzzgen.explore.effects import factor_effects
from fuzzgen.store.effects import EffectRow, random_samples, replace_effects

__all__ = ["update_effects"]


def update_effects(path: Path) -> int:
    """Computes all effects anew from the random stream; the number of rows. Raises StorageError."""
    rows: list[EffectRow] = [
        (sample.model, behavior, event, e.factor, e.level, e.effect, e.low, e.high, e.episodes)
        for sample in random_samples(path)
        for (behavior, event), hits in sample.hits.items()
        for e in factor_effects(sample.factors, hits)
    ]
    replace_effects(path, rows)
    return len(rows)
