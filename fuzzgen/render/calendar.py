"""Dates and times in words, consistent with the day on which they are written."""

from __future__ import annotations

import re
from datetime import datetime

from fuzzgen.render.values import View
from fuzzgen.scenario.workdays import workdays_after

__all__ = ["Calendar"]

_MARK = re.compile(r"\{(?:weekday|short|month|day|year|time|iso)\}")


class Calendar:
    """Words for moments. `words` holds the language's `weekdays`, `months` and patterns; perhaps `first_day`, as "1er"."""

    def __init__(self, words: View, written: datetime) -> None:
        self.words, self.written = words, written

    def _name(self, group: str, index: int) -> str:
        names = self.words.get(group)
        assert isinstance(names, tuple)
        return str(names[index])

    def _fill(self, pattern: str, moment: datetime) -> str:
        for mark in _MARK.findall(pattern):
            match mark:
                case "{weekday}":
                    value = self._name("weekdays", moment.weekday())
                case "{short}":
                    value = self._name("weekdays_short", moment.weekday())
                case "{month}":
                    value = self._name("months", moment.month - 1)
                case "{day}":
                    value = str((moment.day == 1 and self.words.get("first_day")) or moment.day)
                case "{year}":
                    value = str(moment.year)
                case "{time}":
                    value = f"{moment.hour:02d}:{moment.minute:02d}"
                case _:
                    value = moment.date().isoformat()
            pattern = pattern.replace(mark, value)
        return pattern

    def pattern(self, name: str, moment: datetime) -> str:
        """The moment by the language's pattern of this name."""
        patterns = self.words.get("dates")
        assert isinstance(patterns, View)
        return self._fill(str(patterns.get(name)), moment)

    def stamp_of_day(self, moment: datetime) -> str:
        """The stamp of a moment with `{time}` left open in it."""
        patterns = self.words.get("dates")
        assert isinstance(patterns, View)
        return "{time}".join(self._fill(p, moment) for p in str(patterns.get("stamp")).split("{time}"))

    def workday(self, days: int, name: str = "date") -> str:
        """The day `days` working days after the day of writing (before it, where negative)."""
        return self.pattern(name, workdays_after(self.written, days))

    def when(self, iso: str) -> View:
        """A moment given in ISO form: `words` (today or tomorrow where it is), `date`, `time`, `weekday`, `iso`."""
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
