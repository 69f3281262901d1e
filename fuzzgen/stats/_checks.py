"""What every function here asks of its arguments, said once."""

from __future__ import annotations

from fuzzgen.errors import UsageError

__all__ = ["check_counts", "check_probability"]


def check_counts(hits: int, trials: int) -> None:
    """Raises UsageError unless 0 <= hits <= trials."""
    if not 0 <= hits <= trials:
        raise UsageError(f"{hits} hits of {trials} trials is not a count", fix="give 0 <= hits <= trials")


def check_probability(name: str, value: float, *, closed: bool = False) -> None:
    """Raises UsageError unless `value` is strictly between 0 and 1 (or, `closed`, from 0 to 1)."""
    inside = 0 <= value <= 1 if closed else 0 < value < 1
    if not inside:
        bounds = "from 0 to 1" if closed else "strictly between 0 and 1"
        raise UsageError(f"{name} is {value!r}", fix=f"give a probability {bounds}")
