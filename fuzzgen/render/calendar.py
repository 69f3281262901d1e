"""Dates and times in words, consistent with the day on which they are written."""

from __future__ import annotations

from datetime import datetime, timedelta

from fuzzgen.render.sandbox import View

__all__ = ["Calendar"]


class Calendar:
    """Words for moments. `words` holds the language's `weekdays`, `months` and patterns."""

    def __init__(self, words: View, written: datetime) -> None:
        self.words, self.written = words, written

    def _fill(self, pattern: str, moment: datetime) -> str:
        weekdays, months, shorts = (self.words.get(k) for k in ("weekdays", "months", "weekdays_short"))
        assert isinstance(weekdays, tuple) and isinstance(months, tuple) and isinstance(shorts, tuple)
        marks = {
            "{weekday}": str(weekdays[moment.weekday()]),
            "{short}": str(shorts[moment.weekday()]),
            "{day}": str(moment.day),
            "{month}": str(months[moment.month - 1]),
            "{year}": str(moment.year),
            "{iso}": moment.strftime("%Y-%m-%d"),
            "{time}": moment.strftime("%H:%M"),
        }
        for mark, value in marks.items():
            pattern = pattern.replace(mark, value)
        return pattern

    def pattern(self, name: str, moment: datetime) -> str:
        """The moment by the language's pattern of this name."""
        patterns = self.words.get("dates")
        assert isinstance(patterns, View)
        return self._fill(str(patterns.get(name)), moment)

    def workday(self, days: int, name: str = "date") -> str:
        """The day `days` working days after the day of writing (before it, where negative)."""
        moment, left = self.written, abs(days)
        while left:
            moment += timedelta(days=1 if days > 0 else -1)
            left -= moment.weekday() < 5
        return self.pattern(name, moment)

    def when(self, iso: str) -> View:
        """A moment given in ISO form: `words` (with today or tomorrow where it is), `date`, `time`, `weekday`, `iso`."""
        moment = datetime.fromisoformat(iso)
        ahead = (moment.date() - self.written.date()).days
        name = {0: "today", 1: "tomorrow"}.get(ahead, "moment")
        return View(
            {
                "words": self.pattern(name, moment),
                "date": self.pattern("date", moment),
                "time": self.pattern("time", moment),
                "weekday": self.pattern("weekday", moment),
                "iso": moment.isoformat(timespec="minutes"),
                "today": ahead == 0,
            }
        )
