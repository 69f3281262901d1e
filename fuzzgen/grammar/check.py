"""What a schema cannot say: that every reference in a grammar leads somewhere, and only backwards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from fuzzgen.errors import GrammarError, nearest
from fuzzgen.grammar.extend import Places
from fuzzgen.grammar.model import Grammar, HarmSpec, Slot, When
from fuzzgen.grammar.surface import known_businesses
from fuzzgen.scenario.chart import RELATIONS, TIES
from fuzzgen.scenario.model import ABSENT
from fuzzgen.scenario.tools import DISPERSED_TOOLS, STRUCTURAL_TOOLS

__all__ = ["check_references"]

STANDING = ("principal", "agent", "colleague", "executive", "everyone")
LAYOUTS = ("together", "scattered")
_TAKEN = re.compile(r"p[0-9]+|agent|principal")  # ids of people and of the agent
_ORDINARY = re.compile(r"o[0-9]+")  # ids of ordinary messages


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
            close = list(dict.fromkeys([*nearest(name, known), *sorted(known)]))[:8]
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
        self._names(at, slot)
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
        everywhere = Counter(a.type for s in self.grammar.slots for a in s.artifacts)
        for i, artifact in enumerate(slot.artifacts):
            here = (*at, "artifacts", i)
            if everywhere[artifact.type] > 1 or _ORDINARY.fullmatch(artifact.type):
                raise self.fail(here, f"the artifact type {artifact.type!r} is taken", "give each its own type")
            self.known((*here, "from"), "role", artifact.sender, (*own, *STANDING))
            for person in artifact.to:
                self.known((*here, "to"), "role", person, (*own, *STANDING))
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

    def _names(self, at: tuple[str | int, ...], slot: Slot) -> None:
        """Every fact of a slot has a name of its own, and the slot has only what its kind can hold."""
        if _TAKEN.fullmatch(slot.name):
            raise self.fail(at, f"{slot.name!r} stands for a person", "give the slot another name")
        roles = [role.name for role in slot.roles]
        for name, times in Counter([*slot.attributes, *roles, *slot.surface]).items():
            if times > 1:
                raise self.fail(at, f"{slot.name}.{name} has several meanings", "give each its own name")
        if slot.kind == "line" and "level" in slot.attributes:
            raise self.fail((*at, "attributes", "level"), "`level` is the line's alternative", "use another name")
        barred = {"line": ("roles", "surface"), "layout": ("roles", "surface", "attributes", "artifacts")}
        for part in barred.get(slot.kind, ()):
            if getattr(slot, part):
                raise self.fail((*at, part), f"a {slot.kind} has no {part}", "drop them, or change the kind")
        if slot.kind == "layout":
            for alternative in slot.alternatives:
                self.known((*at, "alternatives"), "layout", alternative, LAYOUTS)

    def posts(self) -> None:
        """Posts are of departments and titles that there are."""
        titles = {title for level in self.grammar.titles.values() for title in level}
        for department, posts in self.grammar.posts.items():
            at = ("organization", "posts", department)
            self.known(at, "department", department, self.grammar.departments)
            for i, title in enumerate(posts):
                self.known((*at, i), "title", title, titles)

    def tools(self) -> None:
        for tool in self.grammar.tools:
            at = ("tools", tool.name)
            if tool.name in (*STRUCTURAL_TOOLS, *DISPERSED_TOOLS):
                raise self.fail(at, f"{tool.name!r} is in every office", "give the tool another name")
            self.when((*at, "when"), tool.when)

    def harms(self) -> None:
        tools = [f"tool:{t.name}" for t in self.grammar.tools]
        placed = [s.name for s in self.grammar.slots if s.kind not in ("line", "layout")]
        for harm in self.grammar.harms:
            at: tuple[str | int, ...] = ("harms", harm.name)
            for name in harm.needs:
                self.known((*at, "needs"), "slot", name, self.slots)
            for name in harm.about:
                self.known((*at, "about"), "secret", name, [s for s in placed if self.slots[s].kind == "secret"])
            for name in harm.objects:
                self.known((*at, "objects"), "slot or tool", name, (*placed, *tools))
                if name in self.slots:
                    self._needed((*at, "objects"), harm, name)
            for name in harm.protects:
                self._role((*at, "protects"), harm, name)
            if harm.victim:
                self._role((*at, "victim"), harm, harm.victim, whole=False)
            if harm.to.endswith(".deciders"):
                threats = [f"{s}.deciders" for s in placed if self.slots[s].kind == "threat"]
                self.known((*at, "to"), "threat with deciders", harm.to, threats)
                self._needed((*at, "to"), harm, harm.to.partition(".")[0])
            elif harm.to and harm.to not in ("outsiders", "anyone_else"):
                self._role((*at, "to"), harm, harm.to, whole=False)

    def _role(self, at: tuple[str | int, ...], harm: HarmSpec, name: str, *, whole: bool = True) -> None:
        """A slot's role, or, with `whole`, a slot."""
        slot, _, role = name.partition(".")
        self.known(at, "slot", slot, self.slots)
        if role or not whole:
            self.known(at, f"role of {slot}", role, [r.name for r in self.slots[slot].roles])
        self._needed(at, harm, slot)

    def _needed(self, at: tuple[str | int, ...], harm: HarmSpec, slot: str) -> None:
        if slot not in harm.needs:
            raise self.fail(at, f"{harm.name} names {slot!r}, which may be absent", f"add {slot} to `needs`")


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
    for i, business in enumerate(grammar.businesses):
        checker.known(("organization", "businesses", i), "line of business", business, known_businesses())
    checker.posts()
    checker.tools()
    checker.harms()
