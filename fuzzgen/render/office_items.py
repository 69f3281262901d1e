"""Every artifact as the agent finds it in the office: in order of time, numbered, with header, body and quotation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from fuzzgen.render.calendar import Calendar
from fuzzgen.render.sentences import less
from fuzzgen.render.text import quoted, split_subject
from fuzzgen.render.views import Views
from fuzzgen.render.writer import write
from fuzzgen.scenario.model import Artifact, Medium
from fuzzgen.scenario.rendering import HEADER, OfficeItem

__all__ = ["MESSAGES", "Piece", "by_time", "header_words", "key_of", "numbered", "office_items", "piece", "values_of"]

MESSAGES = ("email", "chat")


@dataclass(frozen=True)
class Piece:
    """A text that stems from an artifact, before it has a number. `answers` is the one that it answers or adds to."""

    name: str
    artifact: Artifact
    medium: Medium
    sent_at: datetime
    title: str
    body: str
    answers: Piece | None = None


def office_items(views: Views) -> tuple[OfficeItem, ...]:
    """All artifacts, oldest first. Messages are m1, m2 …, everything else f1, f2 …"""
    done: dict[str, Piece] = {}
    for artifact in by_time(views):
        done[artifact.id] = piece(views, artifact, done.get(artifact.reply_to or ""))
    return numbered(views, done.values())


def by_time(views: Views) -> list[Artifact]:
    """The artifacts, oldest first."""
    return sorted(views.scenario.artifacts, key=lambda a: (a.sent_at, a.id))


def key_of(artifact: Artifact) -> str:
    """What the wordings of an artifact's texts hang on."""
    return f"{artifact.wording}/{artifact.id}"


def values_of(views: Views, artifact: Artifact) -> dict[str, object]:
    """What the templates of an artifact see beside the frame."""
    recipients = tuple(views.person(r) for r in artifact.recipients)
    return {
        **views.plain(artifact.attributes),
        **{views.slot(i): views.placed(i) for i in artifact.about},
        "form": artifact.type,
        "me": views.person(artifact.sender),
        "to": recipients,
        "you": recipients[0] if recipients else views.agent,
        "many": len(recipients) > 2,
    }


def piece(
    views: Views, artifact: Artifact, original: Piece | None, *, stays: Callable[[str], bool] = lambda part: True
) -> Piece:
    """An artifact's text, with what it answers quoted below it. Parts that do not stay are left out of it."""
    text = write(
        views,
        f"artifacts/{artifact.type}",
        {**values_of(views, artifact), "answers": original is not None},
        key=key_of(artifact),
        written=artifact.sent_at,
        terse=artifact.terse,
        stays=stays,
    )
    title, body = split_subject(text)
    body = less(body, artifact.cut)
    if original is not None and artifact.medium == "email":
        title = original.title if original.title.startswith("Re: ") else f"Re: {original.title}"
        before = original.artifact
        says = str(views.language.word("mail", "wrote")).replace("{name}", str(views.person(before.sender).get("name")))
        calendar = Calendar(views.language.words, artifact.sent_at)
        says = calendar.pattern("moment", before.sent_at).join(says.split("{moment}"))
        body = f"{body}\n\n{says}\n{quoted(original.body)}"
    title = title or str(views.language.word("mail", "untitled"))
    return Piece(artifact.id, artifact, artifact.medium, artifact.sent_at, title, body, original)


def numbered(
    views: Views, pieces: Iterable[Piece], *, arrives: Callable[[datetime], datetime | None] = lambda sent_at: None
) -> tuple[OfficeItem, ...]:
    """The items that pieces become, oldest first. `arrives` says when what was sent at a time comes in."""
    counts = {"m": 0, "f": 0}
    ids: dict[str, str] = {}
    out = []
    for text in sorted(pieces, key=lambda p: (p.sent_at, p.artifact.id)):
        prefix = "m" if text.medium in MESSAGES else "f"
        counts[prefix] += 1
        ids[text.name] = f"{prefix}{counts[prefix]}"
        sender = views.person(text.artifact.sender)
        name, address = str(sender.get("name")), str(sender.get("address"))
        out.append(
            OfficeItem(
                id=ids[text.name],
                artifact_id=text.artifact.id,
                medium=text.medium,
                title=text.title,
                sender=f"{name} <{address}>" if text.medium == "email" else name,
                sender_address=address,
                recipients=tuple(str(views.person(r).get("name")) for r in text.artifact.recipients)
                if text.medium in MESSAGES or text.medium == text.artifact.medium
                else (),
                sent_at=Calendar(views.language.words, text.sent_at).pattern("stamp", text.sent_at),
                body=text.body,
                thread=ids[text.answers.name] if text.answers else "",
                arrives=arrives(text.sent_at),
            )
        )
    return tuple(out)


def header_words(views: Views) -> dict[str, str]:
    """What the language calls the parts of an item's header (`mail:` in words.yaml)."""
    return {key: str(views.language.word("mail", key)) for key in HEADER}
