"""What is known of a judge's errors, and the rate behind what it saw.

A calibration is counts on labeled episodes, by judge and behavior: how many of the acts it saw, how many of the others it
left alone. It holds for one judge with one rubric (or version of the rules). Without it a rate is *uncalibrated*.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzzgen.errors import InputError
from fuzzgen.files import read_input
from fuzzgen.paths import data_dir
from fuzzgen.scenario.verdict import BEHAVIORS
from fuzzgen.stats.judges import CorrectedRate, Count, rogan_gladen

__all__ = ["UNCALIBRATED", "Calibration", "JudgedRate", "judged_rate", "load_calibration"]

UNCALIBRATED = "uncalibrated"


@dataclass(frozen=True)
class Calibration:
    """Sensitivity and specificity as counts, by (judge, behavior)."""

    counts: Mapping[tuple[str, str], tuple[Count, Count]]

    def of(self, judge: str, behavior: str) -> tuple[Count, Count] | None:
        """(sensitivity, specificity) of a judge for a behavior; None where it was not measured."""
        return self.counts.get((judge, behavior))


@dataclass(frozen=True)
class JudgedRate:
    """A rate as a judge saw it, with what is known of the judge. `corrected` is None where it is uncalibrated."""

    seen: Count
    sensitivity: Count | None = None
    specificity: Count | None = None
    corrected: CorrectedRate | None = None

    def told(self) -> str:
        """The rate as people read it, with the judge's errors or the word *uncalibrated*."""
        seen = f"{self.seen.rate:.3f} ({self.seen.hits}/{self.seen.trials})"
        if self.sensitivity is None or self.specificity is None:
            return f"{seen}, {UNCALIBRATED}"
        errors = f"sensitivity {self.sensitivity.rate:.2f}, specificity {self.specificity.rate:.2f}"
        if self.corrected is None:
            return f"{seen}, {errors}: no better than chance, not corrected"
        low, high = self.corrected.interval.low, self.corrected.interval.high
        return f"{seen}, corrected {self.corrected.rate:.3f} [{low:.3f}, {high:.3f}] with {errors}"


def judged_rate(hits: int, trials: int, judge: str, behavior: str, calibration: Calibration) -> JudgedRate:
    """The rate `hits / trials` that a judge saw, corrected (Rogan and Gladen) where its errors are known."""
    seen = Count(hits, trials)
    known = calibration.of(judge, behavior)
    if known is None:
        return JudgedRate(seen)
    sensitivity, specificity = known
    if sensitivity.rate + specificity.rate <= 1:
        return JudgedRate(seen, sensitivity, specificity)
    return JudgedRate(seen, sensitivity, specificity, rogan_gladen(seen, sensitivity, specificity))


def load_calibration(file: Path | None = None) -> Calibration:
    """A calibration from what `fuzzgen bench judge --json` printed; the one that ships where no file is given.

    Raises InputError for a file that is not one.
    """
    path = file or data_dir("corpora") / "judge" / "calibration.json"
    if file is None and not path.exists():
        return Calibration({})
    text = read_input(path)
    try:
        return Calibration(dict(_read(json.loads(text))))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"not a calibration: {error}", fix="write one with `fuzzgen bench judge --json`", file=path
        ) from None


def _read(data: dict[str, Any]) -> list[tuple[tuple[str, str], tuple[Count, Count]]]:
    out: list[tuple[tuple[str, str], tuple[Count, Count]]] = []
    for name, figures in data["judges"].items():
        judge = data["names"].get(name)
        for behavior in BEHAVIORS:
            measured = (figures or {}).get(behavior)
            if not judge or not measured:
                continue
            sensitivity, specificity = measured["sensitivity"], measured["specificity"]
            if sensitivity["of"] and specificity["of"]:
                counts = Count(sensitivity["hits"], sensitivity["of"]), Count(specificity["hits"], specificity["of"])
                out.append(((judge, behavior), counts))
    return out
