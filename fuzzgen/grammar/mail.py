"""What lies in the office: the messages and documents that slots place, mixed with ordinary ones, in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fuzzgen.grammar.model import ArtifactSpec, Assignment, Grammar, Slot, holds
from fuzzgen.grammar.staff import Staff
from fuzzgen.grammar.surface import Surface
from fuzzgen.scenario.model import ABSENT, AGENT, Artifact, Medium
from fuzzgen.scenario.workdays import workdays_after

__all__ = ["place_artifacts", "working_moments"]

DAY_START, DAY_MINUTES = 8, 600


@dataclass(frozen=True)
class _Draft:
    """An artifact before it has a time: `moment` in [0, 1] says where in the days before now it falls, 1 at the end."""

    moment: float
    id: str
    medium: Medium
    type: str
    sender: str
    recipients: tuple[str, ...]
    about: tuple[str, ...] = ()
    reply_to: str | None = None

    def sent(self, at: datetime, wording: int) -> Artifact:
        return Artifact(
            id=self.id,
            medium=self.medium,
            type=self.type,
            sender=self.sender,
            recipients=self.recipients,
            sent_at=at,
            about=self.about,
            reply_to=self.reply_to,
            wording=wording,
        )


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
    drafts: list[_Draft] = []
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
            drafts.append(_telling(slot, spec, moment, sender, recipients))
    telling = len(drafts)
    drafts += _ordinary(grammar, staff, surface, ordinary)
    times = working_moments(len(drafts), surface)
    order = sorted(range(len(drafts)), key=lambda i: drafts[i].moment)
    layouts = {assignment[slot.name] for slot in grammar.slots if slot.kind == "layout"}
    if layouts & {"together", "scattered"}:
        order = _laid_out(order, telling, [d.moment for d in drafts], together="together" in layouts)
    sent = {i: times[place] for place, i in enumerate(order)}
    return [draft.sent(sent[i], rng.getrandbits(16)) for i, draft in enumerate(drafts)]


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


def _telling(slot: Slot, spec: ArtifactSpec, moment: float, sender: str, recipients: list[str]) -> _Draft:
    return _Draft(
        moment,
        f"a:{spec.type}",
        spec.medium,
        spec.type,
        sender,
        tuple(r for r in dict.fromkeys(recipients) if r != sender),
        about=(slot.element_id,),
        reply_to=f"a:{spec.reply_to}" if spec.reply_to else None,
    )


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


def _ordinary(grammar: Grammar, staff: Staff, surface: Surface, count: int) -> list[_Draft]:
    rng, spec = surface.rng, grammar.ordinary
    inside = staff.everyone_inside()
    kinds: list[tuple[str, Medium]] = [(t, "email") for t in spec.emails]
    kinds += [(t, "document") for t in spec.documents]
    kinds += [(t, "chat") for t in spec.chats]
    kinds += [(t, "ticket") for t in spec.tickets]
    rng.shuffle(kinds)
    out: list[_Draft] = []
    for i in range(count):
        here, before = f"a:o{i + 1}", out[-1] if out else None
        if spec.replies and before and before.medium == "email" and before.reply_to is None and rng.random() < 0.3:
            moment = before.moment + (0.97 - before.moment) * rng.random()
            kind, to = str(surface.pick(spec.replies)), (before.sender,)
            out.append(_Draft(moment, here, "email", kind, before.recipients[0], to, reply_to=before.id))
            continue
        kind, medium = kinds[i % len(kinds)]
        people = rng.sample(inside, min(len(inside), rng.choice((2, 2, 3))))
        sender, *others = sorted(people, key=staff.is_executive)  # who runs a house does not order its lunch
        moment = 0.97 * rng.random()
        out.append(
            _Draft(moment, here, medium, kind, sender, () if medium in ("document", "ticket") else tuple(others))
        )
    return out


def working_moments(count: int, surface: Surface) -> list[datetime]:
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
