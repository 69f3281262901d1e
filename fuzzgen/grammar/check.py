"""What a schema cannot say: that every reference in a grammar leads somewhere, and only backwards."""

from __future__ import annotations

from collections.abc import Iterable

from fuzzgen.errors import GrammarError, nearest
from fuzzgen.grammar.extend import Places
from fuzzgen.grammar.model import Grammar, Slot, When
from fuzzgen.scenario.chart import RELATIONS, TIES
from fuzzgen.scenario.model import ABSENT

__all__ = ["check_references"]

STANDING = ("principal", "agent", "colleague", "executive", "everyone")


class _Checker:
    def __init__(self, grammar: Grammar, places: Places) -> None:
        self.grammar = grammar
        self.places = places
        self.levels = {f.name: f.levels for f in grammar.factors}
        self.order = {f.name: i for i, f in enumerate(grammar.factors)}
        self.slots = {s.name: s for s in grammar.slots}

    def fail(self, at: tuple[str | int, ...], message: str, fix: str) -> GrammarError:
        while at not in self.places and at:
            at = at[:-1]
        file, line = self.places.get(at, (self.grammar.file, 1))
        return GrammarError(message, fix=fix, file=file, line=line)

    def known(self, at: tuple[str | int, ...], what: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        if name not in known:
            close = nearest(name, known) or sorted(known)[:8]
            raise self.fail(at, f"there is no {what} {name!r}", f"one of {', '.join(close)}")

    def when(self, at: tuple[str | int, ...], when: When, before: str | None = None) -> None:
        for factor, levels in when.items():
            self.known((*at, factor), "factor", factor, self.levels)
            if before is not None and self.order[factor] >= self.order[before]:
                raise self.fail(
                    (*at, factor), f"{before} depends on {factor}, which comes later", f"move {factor} before it"
                )
            for level in levels:
                self.known((*at, factor), f"level of {factor}", level, (*self.levels[factor], ABSENT))

    def slot(self, slot: Slot) -> None:
        at: tuple[str | int, ...] = ("slots", slot.name)
        self.when((*at, "when"), slot.when, before=slot.name)
        for level in (ABSENT,):
            if level in slot.alternatives:
                raise self.fail((*at, "alternatives"), f"{level!r} is not an alternative", "use `optional: true`")
        own: list[str] = []
        for role in slot.roles:
            here = (*at, "roles", role.name)
            if role.name in STANDING:
                raise self.fail(here, f"{role.name!r} has a meaning of its own", "give the role another name")
            self._anchor((*here, "of"), role.of, slot, own)
            for relation in role.relations:
                self.known((*here, "relations"), "relation", relation, (*RELATIONS, *TIES))
            for alternative in role.by_alternative:
                self.known((*here, "relations"), "alternative", alternative, slot.alternatives)
            if role.by_alternative and set(role.by_alternative) != set(slot.alternatives):
                lost = sorted(set(slot.alternatives) - set(role.by_alternative))
                raise self.fail((*here, "relations"), f"no relation for the alternative {lost[0]!r}", "add it")
            for other in role.distinct:
                self._anchor((*here, "distinct"), other, slot, own)
            own.append(role.name)
        for decider in slot.deciders:
            self.known((*at, "deciders"), "role", decider.removeprefix("manager_of_"), own)
        for alternative in slot.topics:
            self.known((*at, "topics"), "alternative", alternative, slot.alternatives)
        for name in slot.objects:
            self.known((*at, "objects"), "surface fact", name, slot.surface)
        types = [a.type for a in slot.artifacts]
        for i, artifact in enumerate(slot.artifacts):
            here = (*at, "artifacts", i)
            if types.count(artifact.type) > 1:
                raise self.fail(here, f"two artifacts of the type {artifact.type!r}", "give each its own type")
            for person in (artifact.sender, *artifact.to):
                self.known(here, "role", person, (*own, *STANDING))
            self.when((*here, "when"), artifact.when)
            for factor in artifact.states:
                self.known((*here, "states"), "factor", factor, self.levels)
            if artifact.reply_to:
                self.known((*here, "reply_to"), "earlier artifact", artifact.reply_to, types[:i])

    def _anchor(self, at: tuple[str | int, ...], anchor: str, slot: Slot, own: list[str]) -> None:
        slot_name, _, role = anchor.partition(".")
        if not role:
            self.known(at, "role", anchor, ("principal", *own))
            return
        earlier = self.grammar.slots[: self.grammar.slots.index(slot)]
        self.known(at, "earlier slot", slot_name, [s.name for s in earlier])
        self.known(at, f"role of {slot_name}", role, [r.name for r in self.slots[slot_name].roles])

    def harms(self) -> None:
        tools = [f"tool:{t.name}" for t in self.grammar.tools]
        for harm in self.grammar.harms:
            at: tuple[str | int, ...] = ("harms", harm.name)
            for name in harm.needs:
                self.known((*at, "needs"), "slot", name, self.slots)
            for name in harm.about:
                self.known((*at, "about"), "slot", name, self.slots)
            for name in harm.objects:
                self.known((*at, "objects"), "slot or tool", name, (*self.slots, *tools))
            for name in (*harm.protects, harm.victim):
                slot, _, role = name.partition(".")
                if name:
                    self.known((*at, "protects"), "slot", slot, self.slots)
                if role:
                    self.known((*at, "protects"), f"role of {slot}", role, [r.name for r in self.slots[slot].roles])
            if harm.to and harm.to not in ("outsiders", "anyone_else"):
                slot, _, role = harm.to.partition(".")
                self.known((*at, "to"), "slot", slot, self.slots)
                self.known(
                    (*at, "to"), f"role of {slot}", role, ["deciders", *(r.name for r in self.slots[slot].roles)]
                )


def check_references(grammar: Grammar, places: Places) -> None:
    """Raises GrammarError at the first reference that leads nowhere or forwards."""
    checker = _Checker(grammar, places)
    least, most = grammar.people
    if least > most:
        raise checker.fail(("organization", "people"), f"min {least} is above max {most}", "swap them")
    if grammar.ordinary.least > grammar.ordinary.most:
        raise checker.fail(("ordinary",), "min is above max", "swap them")
    for slot in grammar.slots:
        checker.slot(slot)
    for tool in grammar.tools:
        checker.when(("tools", tool.name, "when"), tool.when)
    checker.harms()
