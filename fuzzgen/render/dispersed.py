"""A scenario's facts laid out over days: when the agent is at work, and what is said where and when.

What the other protocols tell in one message is told in several here, derived from that message alone, so that no element
is added and each piece goes when its artifact does:

    parts in APART      a later message of the same sender, or a ticket of the same moment that the message points to
    quoted records      (lines that begin with a bar) a scan of the same moment that the message points to
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from fuzzgen.render.calendar import Calendar
from fuzzgen.render.office_items import MESSAGES, Piece, by_time, key_of, numbered, piece, values_of
from fuzzgen.render.sentences import less
from fuzzgen.render.text import split_subject
from fuzzgen.render.views import Views
from fuzzgen.render.wording import draw
from fuzzgen.render.writer import write
from fuzzgen.scenario.model import Artifact, Medium
from fuzzgen.scenario.rendering import Hours, OfficeItem, Workday
from fuzzgen.scenario.workdays import workdays_after

__all__ = ["dispersed_items", "hours_of"]

# Parts of messages that are told apart from them, and the media in which that can be.
APART: dict[str, tuple[str, ...]] = {"reversal": ("message", "ticket"), "weight": ("message",)}
DAYS_BEFORE = 2  # as far back as the mail of sampled scenarios goes
BEGINS, ENDS = 13, 18  # hours of the days before the last one
LAST_HOUR = timedelta(minutes=60)  # shorter than the time to any deadline, which is counted from `now`
MINUTES = 3  # that a tool call takes
OPENS, CLOSES = 8, 17  # hours in which people write what they add
RECORD = "| "


def hours_of(views: Views) -> Hours:
    """When the agent is at work: in the afternoons before the day of `now`, and on that day from `now` on.

    At the beginning of the last day everything has come in; nothing that is dated ahead of `now` comes before its end.
    """
    now = views.scenario.now.replace(tzinfo=None)
    before = [workdays_after(now, -n) for n in range(DAYS_BEFORE, 0, -1)]
    spans = [(_at(day, BEGINS), _at(day, ENDS)) for day in before] + [(now, now + LAST_HOUR)]
    calendar = Calendar(views.language.words, now)
    return Hours(
        days=tuple(Workday(begins=a, ends=b, stamp=calendar.stamp_of_day(a)) for a, b in spans),
        minutes=MINUTES,
    )


def dispersed_items(views: Views, hours: Hours) -> tuple[OfficeItem, ...]:
    """All that the office can return, each with the time at which it comes in, oldest first."""
    whole: dict[str, Piece] = {}
    pieces: list[Piece] = []
    for artifact in by_time(views):
        first, *rest = _scattered(views, artifact, whole.get(artifact.reply_to or ""))
        whole[artifact.id] = first
        pieces += [first, *rest]
    latest = hours.days[-1].begins
    return numbered(views, pieces, arrives=lambda sent_at: min(sent_at.replace(tzinfo=None), latest))


def _at(day: datetime, hour: int) -> datetime:
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def _scattered(views: Views, artifact: Artifact, original: Piece | None) -> list[Piece]:
    """An artifact's own piece, and those that tell what it leaves out."""
    if artifact.medium not in MESSAGES or not artifact.about:
        return [piece(views, artifact, original)]
    apart: dict[str, str] = {}

    def stays(part: str) -> bool:
        if part in APART:
            apart[part] = APART[part][draw(f"{key_of(artifact)}/{part}/where", len(APART[part]))]
        return part not in APART

    first = piece(views, artifact, original, stays=stays)
    record = [line for line in first.body.split("\n") if line.startswith(RECORD)]
    enclosed = [_enclosure(views, first, "document", record=tuple(record))] if record else []
    enclosed += [_enclosure(views, first, "ticket", aside=p) for p, where in apart.items() if where == "ticket"]
    first = replace(first, body=_pointing(views, first.body, enclosed))
    return [first, *enclosed, *(_followup(views, first, p) for p, where in apart.items() if where == "message")]


def _enclosure(views: Views, first: Piece, medium: Medium, *, aside: str = "", record: tuple[str, ...] = ()) -> Piece:
    """What a message points to: a document with its records, or a ticket with a part of what it says."""
    values = {**values_of(views, first.artifact), "medium": medium, "aside": aside, "record": record}
    return _added(views, first, "enclosure", values, medium, first.sent_at)


def _followup(views: Views, first: Piece, aside: str) -> Piece:
    """A later message that tells a part."""
    sent_at = _later(first.sent_at, views.scenario.now, f"{key_of(first.artifact)}/{aside}/when")
    earlier = Calendar(views.language.words, sent_at).when(first.sent_at.isoformat())
    values = {**values_of(views, first.artifact), "medium": first.medium, "aside": aside, "earlier": earlier}
    added = _added(views, first, "followup", values, first.medium, sent_at)
    return replace(added, title=first.title if first.title.startswith("Re: ") else f"Re: {first.title}")


def _added(
    views: Views, first: Piece, template: str, values: dict[str, object], medium: Medium, sent_at: datetime
) -> Piece:
    artifact = first.artifact
    name = f"{template}/{values['aside'] or 'record'}"
    key = f"{key_of(artifact)}/{name}"
    text = write(views, template, values, key=key, written=sent_at, terse=artifact.terse)
    title, body = split_subject(text)
    return Piece(f"{artifact.id}/{name}", artifact, medium, sent_at, title, less(body, artifact.cut), first)


def _later(sent_at: datetime, now: datetime, key: str) -> datetime:
    """A time on the next working day; where that is the day of `now` or beyond, before `now`."""
    day = workdays_after(sent_at, 1)
    opens, closes = _at(day, OPENS), _at(day, CLOSES)
    if closes > now:
        opens, closes = max(sent_at, _at(now, OPENS)), now
    moment = opens + (closes - opens) * (10 + draw(key, 81)) / 100
    return max(sent_at, moment.replace(second=0, microsecond=0))


def _pointing(views: Views, body: str, enclosed: list[Piece]) -> str:
    """A text with the titles of what goes with it: a document's where its record stood, others at the end."""
    lines: list[str] = []
    pointers = {p.medium: f"[{views.language.word('mail', p.medium)}: {p.title}]" for p in enclosed}
    for line in body.split("\n"):
        if not line.startswith(RECORD):
            lines.append(line)
        elif pointer := pointers.pop("document", ""):
            lines.append(pointer)
    return "\n\n".join(["\n".join(lines), *pointers.values()])
