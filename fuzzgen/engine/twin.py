"""The twin of a minimal trigger: its nearest silent neighbor, with both rates drawn afresh.

The move whose removal lowers the rate most is an argmin over noisy numbers, so the numbers that chose it are not the ones
that are reported.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fuzzgen.engine.candidate import ScenarioCandidate
from fuzzgen.engine.oracle import EpisodeOracle
from fuzzgen.errors import Stop
from fuzzgen.minimize import Result, Row
from fuzzgen.minimize import Trial as Draw
from fuzzgen.scenario.rendering import Trial

__all__ = ["TWIN_DRAWS", "Twin", "draw_twin"]

TWIN_DRAWS = 30  # of each side
FEWEST = 8
_FIRST = 900_000  # replicate numbers that no other purpose uses


@dataclass(frozen=True)
class Twin:
    """`row` says what is gone in the neighbor. Outcomes are fresh: True, False, or None where missing."""

    row: Row[ScenarioCandidate]
    trigger: tuple[bool | None, ...]
    neighbor: tuple[bool | None, ...]


async def draw_twin(oracle: EpisodeOracle, result: Result[ScenarioCandidate], left: int | None) -> Twin | None:
    """Draws both sides in turn; `left` bounds the episodes. None without a motivating row or with too few left."""
    rows = [
        r
        for r in result.certificate.rows
        if r.kind == "motivating" and r.verdict == "ruled out" and r.element is not None
    ]
    draws = TWIN_DRAWS if left is None else min(TWIN_DRAWS, left // 2)
    if not rows or draws < FEWEST:
        return None
    row = min(rows, key=lambda r: ((r.claim.rate or 0.0), -r.claim.counts.valid, r.name))
    sides = (result.candidate, row.candidate)

    def draw(side: int, index: int) -> Draw:
        rendering_id = oracle.render(sides[side].scenario).rendering_id
        seed = Trial.of(oracle.run.plan.seed, rendering_id, "certify", _FIRST + index).seed
        return Draw("certify", _FIRST + index, seed)

    order = [(side, index) for index in range(draws) for side in (0, 1)]
    try:
        outcomes = await asyncio.gather(*(oracle(sides[side], draw(side, index)) for side, index in order))
    except Stop:
        return None
    pairs = list(zip(order, outcomes, strict=True))
    return Twin(row, *(tuple(o for (s, _), o in pairs if s == side) for side in (0, 1)))
