"""Working days, Monday to Friday: what mail, deadlines and offices are counted in."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["workdays_after"]


def workdays_after(start: datetime, days: int) -> datetime:
    """The moment `days` working days after `start`; negative counts back."""
    step = 1 if days >= 0 else -1
    left = abs(days)
    while left:
        start += timedelta(days=step)
        left -= start.weekday() < 5
    return start
