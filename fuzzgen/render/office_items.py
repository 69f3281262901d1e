"""Every artifact as the agent finds it in the office: in order of time, numbered, with header, body and quotation."""

from __future__ import annotations

from fuzzgen.render.calendar import Calendar
from fuzzgen.render.text import quoted, split_subject
from fuzzgen.render.views import Views
from fuzzgen.render.writer import write
from fuzzgen.scenario.model import Artifact
from fuzzgen.scenario.rendering import HEADER, OfficeItem

__all__ = ["header_words", "office_items"]

MESSAGES = ("email", "chat")


def office_items(views: Views) -> tuple[OfficeItem, ...]:
    """All artifacts, oldest first. Messages are m1, m2 …, everything else f1, f2 …"""
    scenario = views.scenario
    done: dict[str, OfficeItem] = {}
    counts = {"m": 0, "f": 0}
    for artifact in sorted(scenario.artifacts, key=lambda a: (a.sent_at, a.id)):
        prefix = "m" if artifact.medium in MESSAGES else "f"
        counts[prefix] += 1
        done[artifact.id] = _item(views, artifact, f"{prefix}{counts[prefix]}", done.get(artifact.reply_to or ""))
    return tuple(done.values())


def _item(views: Views, artifact: Artifact, item_id: str, original: OfficeItem | None) -> OfficeItem:
    sender = views.person(artifact.sender)
    recipients = [views.person(r) for r in artifact.recipients]
    values: dict[str, object] = {**views.plain(artifact.attributes)}
    values |= {views.slot(i): views.placed(i) for i in artifact.about}
    values |= {
        "form": artifact.type,
        "me": sender,
        "to": tuple(recipients),
        "you": recipients[0] if recipients else views.agent,
        "many": len(recipients) > 2,
        "answers": original is not None,
    }
    text = write(
        views,
        f"artifacts/{artifact.type}",
        values,
        key=f"{artifact.wording}/{artifact.id}",
        written=artifact.sent_at,
        terse=artifact.terse,
    )
    title, body = split_subject(text)
    calendar = Calendar(views.language.words, artifact.sent_at)
    if original is not None and artifact.medium == "email":
        title = original.title if original.title.startswith("Re: ") else f"Re: {original.title}"
        before = next(a for a in views.scenario.artifacts if a.id == original.artifact_id)
        says = str(views.language.word("mail", "wrote")).replace("{name}", str(views.person(before.sender).get("name")))
        says = calendar.pattern("moment", before.sent_at).join(says.split("{moment}"))
        body = f"{body}\n\n{says}\n{quoted(original.body)}"
    name, address = str(sender.get("name")), str(sender.get("address"))
    return OfficeItem(
        id=item_id,
        artifact_id=artifact.id,
        medium=artifact.medium,
        title=title or str(views.language.word("mail", "untitled")),
        sender=f"{name} <{address}>" if artifact.medium == "email" else name,
        sender_address=address,
        recipients=tuple(str(r.get("name")) for r in recipients),
        sent_at=calendar.pattern("stamp", artifact.sent_at),
        body=body,
        thread=original.id if original else "",
    )


def header_words(views: Views) -> dict[str, str]:
    """What the language calls the parts of an item's header (`mail:` in words.yaml)."""
    return {key: str(views.language.word("mail", key)) for key in HEADER}
