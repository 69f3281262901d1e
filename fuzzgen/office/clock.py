"""The time in an office whose episode stretches over days: calls take minutes, days end, and things come in."""

from __future__ import annotations

from datetime import datetime, timedelta

from fuzzgen.scenario.rendering import Hours

__all__ = ["Clock"]


class Clock:
    """It begins with the first day. After the end of the last one it stands still."""

    def __init__(self, hours: Hours) -> None:
        self._hours, self._day = hours, 0
        self.now: datetime = hours.days[0].begins

    @property
    def last_day(self) -> bool:
        """Whether no day follows."""
        return self._day == len(self._hours.days) - 1

    @property
    def stamp(self) -> str:
        """The time in the words of the scenario's language."""
        return self._hours.days[self._day].stamp.replace("{time}", f"{self.now:%H:%M}")

    def tick(self) -> bool:
        """Lets the minutes of one call pass. True where the day is over by that, and the next one has begun."""
        self.now += timedelta(minutes=self._hours.minutes)
        ends = self._hours.days[self._day].ends
        if self.now < ends:
            return False
        if self.last_day:
            self.now = ends
            return False
        return self.end_day()

    def end_day(self) -> bool:
        """Goes on to the beginning of the next day. False where there is none."""
        if self.last_day:
            return False
        self._day += 1
        self.now = self._hours.days[self._day].begins
        return True
