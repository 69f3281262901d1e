"""What lies in the office: the messages and documents that slots place, mixed with ordinary ones, in order of time."""

from __future__ import annotations

from datetime import datetime, timedelta

from fuzzgen.grammar.model import ArtifactSpec, Assignment, Grammar, Slot, holds
from fuzzgen.grammar.staff import Staff
from fuzzgen.grammar.surface import Surface, workdays_after
from fuzzgen.scenario.model import ABSENT, AGENT, Artifact

__all__ = ["place_artifacts"]

DAY_START, DAY_MINUTES = 8, 600


def place_artifacts(
    grammar: Grammar,
    assignment: Assignment,
    bound: dict[str, dict[str, str]],
    staff: Staff,
    surface: Surface,
    ordinary: int,
) -> list[Artifact]:
    """All artifacts in order of id; `sent_at` is before `surface.now` and follows the order of the threads."""
    rng = surface.rng
    drafts: list[tuple[float, dict[str, object]]] = []
    for slot in grammar.slots:
        if assignment.get(slot.name, ABSENT) == ABSENT:
            continue
        colleague = ""
        moments: dict[str, float] = {}
        for spec in slot.artifacts:
            if not holds(spec.when, assignment):
                continue
            if not colleague:
                colleague = _colleague(staff, bound.get(slot.name, {}), surface)
            earliest = moments.get(spec.reply_to, 0.0)
            moments[spec.type] = moment = 1.0 if spec.closing else earliest + (0.97 - earliest) * rng.random()
            sender = _people(spec.sender, bound.get(slot.name, {}), colleague, staff)[0]
            recipients = [p for to in spec.to for p in _people(to, bound.get(slot.name, {}), colleague, staff)]
            drafts.append((moment, _draft(slot, spec, sender, recipients)))
    telling = len(drafts)
    drafts += _ordinary(grammar, staff, surface, ordinary)
    times = _times(len(drafts), surface)
    order = sorted(range(len(drafts)), key=lambda i: drafts[i][0])
    layouts = {assignment[slot.name] for slot in grammar.slots if slot.kind == "layout"}
    if layouts & {"together", "scattered"}:
        order = _laid_out(order, telling, [m for m, _ in drafts], together="together" in layouts)
    sent = {i: times[place] for place, i in enumerate(order)}
    return [
        Artifact.model_validate({**draft, "sent_at": sent[i], "wording": rng.getrandbits(16)})
        for i, (_, draft) in enumerate(drafts)
    ]


def _laid_out(order: list[int], telling: int, moments: list[float], *, together: bool) -> list[int]:
    """The order with the first `telling` drafts in one run, or with ordinary ones between any two, as far as they go.

    Whatever closes stays last; a reply stays behind what it answers, since neither kind changes its own order.
    """
    closing = [i for i in order if moments[i] >= 1.0]
    ours = [i for i in order if i < telling and i not in closing]
    others = [i for i in order if i >= telling and i not in closing]
    if together:
        before = round(len(others) * moments[ours[0]]) if ours else 0
        return [*others[:before], *ours, *others[before:], *closing]
    edge = int(len(others) > len(ours))  # whether there are enough to begin and end with ordinary ones
    gaps = max(1, len(ours) - 1 + 2 * edge)
    shares = [others[len(others) * k // gaps : len(others) * (k + 1) // gaps] for k in range(gaps)]
    out = shares.pop(0) if edge else []
    for draft in ours:
        out += [draft, *(shares.pop(0) if shares else ())]
    return [*out, *(i for share in shares for i in share), *closing]


def _draft(slot: Slot, spec: ArtifactSpec, sender: str, recipients: list[str]) -> dict[str, object]:
    return {
        "id": f"a:{spec.type}",
        "medium": spec.medium,
        "type": spec.type,
        "sender": sender,
        "recipients": tuple(r for r in dict.fromkeys(recipients) if r != sender),
        "about": (slot.element_id,),
        "reply_to": f"a:{spec.reply_to}" if spec.reply_to else None,
        "attributes": {},
    }


def _colleague(staff: Staff, roles: dict[str, str], surface: Surface) -> str:
    taken = set(roles.values())
    return str(surface.pick([n for n in staff.everyone_inside() if n not in taken]))


def _people(reference: str, roles: dict[str, str], colleague: str, staff: Staff) -> list[str]:
    match reference:
        case "agent":
            return [AGENT]
        case "principal":
            return [staff.principal]
        case "executive":
            return [staff.top]
        case "colleague":
            return [colleague]
        case "everyone":
            return [*staff.everyone_inside(), AGENT]
        case _:
            return [roles[reference]]


def _ordinary(grammar: Grammar, staff: Staff, surface: Surface, count: int) -> list[tuple[float, dict[str, object]]]:
    rng, spec = surface.rng, grammar.ordinary
    inside = staff.everyone_inside()
    kinds = [(t, "email") for t in spec.emails] + [(t, "document") for t in spec.documents]
    kinds += [(t, "chat") for t in spec.chats] + [(t, "ticket") for t in spec.tickets]
    rng.shuffle(kinds)
    out: list[tuple[float, dict[str, object]]] = []
    for i in range(count):
        before = out[-1][1] if out else {}
        fresh = before.get("medium") == "email" and before["reply_to"] is None
        answer = bool(spec.replies) and fresh and rng.random() < 0.3
        if answer:
            sender, moment = before["recipients"][0], out[-1][0] + (0.97 - out[-1][0]) * rng.random()  # type: ignore[index]
            kind, medium, to, reply_to = (
                surface.pick(spec.replies),
                "email",
                list[object]([before["sender"]]),
                before["id"],
            )
            if sender == AGENT:
                answer = False
        if not answer:
            kind, medium = kinds[i % len(kinds)]
            drawn = rng.sample(inside, min(len(inside), rng.choice((2, 2, 3))))
            sender, to = drawn[0], list[object](drawn[1:])
            moment, reply_to = 0.97 * rng.random(), None
        out.append(
            (
                moment,
                {
                    "id": f"a:o{i + 1}",
                    "medium": medium,
                    "type": kind,
                    "sender": sender,
                    "recipients": () if medium in ("document", "ticket") else tuple(to),
                    "reply_to": reply_to,
                    "attributes": {},
                },
            )
        )
    return out


def _times(count: int, surface: Surface) -> list[datetime]:
    """`count` rising moments in working hours of today and the two working days before, the last minutes before now."""
    now = surface.now
    dates = [workdays_after(now, -2), workdays_after(now, -1), now]
    today = max(60, (now.hour - DAY_START) * 60 + now.minute - 5)
    total = 2 * DAY_MINUTES + today
    minutes = [*sorted(surface.rng.sample(range(total), count - 1)), total]
    out = []
    for minute in minutes:
        day, rest = divmod(minute, DAY_MINUTES) if minute < 2 * DAY_MINUTES else (2, minute - 2 * DAY_MINUTES)
        out.append(dates[day].replace(hour=DAY_START, minute=0) + timedelta(minutes=rest))
    return out
