"""Progress of a run: a live line on a terminal, a plain line now and then elsewhere, or the events as JSON lines."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

import click

from fuzzgen.cli.output import clean, console, mute
from fuzzgen.engine.past import Past
from fuzzgen.engine.run import Run
from fuzzgen.scenario.events import AnyEvent, CandidateConfirmed, CandidateFound, EpisodeJudged, ScenarioSampled, Warned

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["JsonLines", "Live", "Plain", "listener_for"]

PLAIN_SECONDS = 10.0


class Counts:
    """What a progress line tells. `past`: what the journal of a resumed run holds already."""

    def __init__(self, budget: int | None, past: Past | None = None) -> None:
        self.budget = budget
        self.begun = time.monotonic()
        self.before = len(past.judged) if past else 0
        self.episodes = self.before
        self.hits = sum(e.assessments[0].outcome == "hit" for e in past.judged.values()) if past else 0
        self.candidates = self.confirmed = 0

    def take(self, event: AnyEvent) -> None:
        match event:
            case EpisodeJudged():
                self.episodes += 1
                self.hits += event.assessments[0].outcome == "hit"
            case CandidateFound():
                self.candidates += 1
            case CandidateConfirmed():
                self.confirmed += 1
            case _:
                pass

    def line(self, run: Run) -> str:
        seconds = max(0.001, time.monotonic() - self.begun)
        speed = (self.episodes - self.before) / seconds
        spent = "" if run.meter.cost_usd is None or run.target.simulated else f" · ${run.meter.cost_usd:.2f}"
        left = ""
        if self.budget and speed > 0:
            rest = int((self.budget - self.episodes) / speed)
            left = f" · {_clock(rest)} left"
        doing = "draining" if run.stopping else run.work.doing
        found = "" if not self.candidates else f" · {self.candidates} suspected · {self.confirmed} confirmed"
        pace = f"{speed:.1f}/s" if speed >= 1 else f"{60 * speed:.1f}/min"
        return (
            f"{self.episodes}/{self.budget or '∞'} episodes · {self.hits} hits{found}{spent} · {pace}{left} · {doing}"
        )


def _clock(seconds: int) -> str:
    hours, rest = divmod(max(0, seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


class Live:
    """A bar that is redrawn, for terminals."""

    def __init__(self, budget: int | None, past: Past | None = None) -> None:
        self.counts = Counts(budget, past)
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Live:
        from rich.progress import BarColumn, Progress, TextColumn

        self._progress = Progress(
            BarColumn(30), TextColumn("{task.description}"), console=console(stderr=True), transient=True
        )
        self._progress.start()
        self._task = self._progress.add_task("starting", total=self.counts.budget)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._progress:
            self._progress.stop()

    def __call__(self, event: AnyEvent, run: Run) -> None:
        self.counts.take(event)
        if self._progress is None or self._task is None:
            return
        if isinstance(event, Warned):
            self._progress.console.print(f"Warning: {clean(event.message)}")
        elif isinstance(event, EpisodeJudged):
            self._progress.update(self._task, completed=self.counts.episodes, description=self.counts.line(run))


class Plain:
    """A line every ten seconds, for pipes and logs."""

    def __init__(self, budget: int | None, past: Past | None = None) -> None:
        self.counts = Counts(budget, past)
        self._last = time.monotonic()

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        return None

    def __call__(self, event: AnyEvent, run: Run) -> None:
        self.counts.take(event)
        if isinstance(event, Warned):
            click.echo(f"Warning: {clean(event.message)}", err=True)
        if time.monotonic() - self._last >= PLAIN_SECONDS:
            self._last = time.monotonic()
            click.echo(self.counts.line(run), err=True)


class JsonLines:
    """Every event as one line of JSON on stdout, scenarios by id. A reader that leaves ends the run as Ctrl-C does."""

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        return None

    def __call__(self, event: AnyEvent, run: Run) -> None:
        if isinstance(event, ScenarioSampled):
            return
        try:
            click.echo(event.model_dump_json())
        except BrokenPipeError:
            mute()
            run.stop()


def listener_for(budget: int | None, *, as_json: bool, past: Past | None = None) -> Live | Plain | JsonLines:
    """The progress that fits where the output goes."""
    if as_json:
        return JsonLines()
    return Live(budget, past) if sys.stderr.isatty() else Plain(budget, past)
