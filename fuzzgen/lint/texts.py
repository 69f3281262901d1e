"""Problems with a grammar's templates and words that can be seen without rendering: what is missing, misnamed or unused."""

from __future__ import annotations

from collections.abc import Iterator

from fuzzgen.errors import TemplateError
from fuzzgen.grammar import Grammar
from fuzzgen.grammar.model import Slot
from fuzzgen.lint.problem import Problem, problem_at
from fuzzgen.paths import data_dirs
from fuzzgen.render.language import Language, load_language
from fuzzgen.render.sandbox import names_in
from fuzzgen.render.values import View
from fuzzgen.scenario.tools import DISPERSED_TOOLS, STRUCTURAL_TOOLS

__all__ = ["text_problems"]

HELPERS = frozenset({"one_of", "shared", "number", "money", "clock", "code", "day", "when", "part"})
FRAME = frozenset({"org", "business", "words", "agent", "principal", "terse"})
MESSAGE = frozenset({"form", "me", "to", "you", "many", "answers"})
ALWAYS = frozenset({"id", "type"})
FRAMES = ("system", "user", "inbox", "how_tools", "how_inbox", "how_dispersed", "followup", "enclosure")


def text_problems(grammar: Grammar) -> Iterator[Problem]:
    """Missing templates, words and translations; names that a template cannot know; texts that nothing uses."""
    for name in grammar.languages:
        try:
            language = load_language(data_dirs("templates"), name, grammar.name)
        except TemplateError as error:
            at: tuple[str | int, ...] = ("languages", grammar.languages.index(name))
            yield problem_at(grammar, at, "missing translation", error.message, error.fix)
            continue
        yield from _missing(grammar, language)
        yield from _misnamed(grammar, language)
        yield from _unused(grammar, language)


def _missing(grammar: Grammar, language: Language) -> Iterator[Problem]:
    def lacks(at: tuple[str | int, ...], what: str) -> Problem:
        folder = language.folder.name if language.folder.name == language.name else f"{language.name}/{grammar.name}"
        return problem_at(
            grammar,
            at,
            "missing translation",
            f"{what} is missing in {language.name!r}",
            f"add it in templates/{folder}",
        )

    for kind in ("emails", "documents", "replies", "chats", "tickets"):
        for name in getattr(grammar.ordinary, kind):
            if not language.has(f"artifacts/{name}"):
                yield lacks(("ordinary", kind), f"the template artifacts/{name}")
    for name in FRAMES:
        if not language.has(name):
            yield lacks(("languages",), f"the template {name}")
    for name in grammar.tasks:
        if not language.has(f"tasks/{name}"):
            yield lacks(("agent", "tasks"), f"the template tasks/{name}")
    for slot in grammar.slots:
        for i, spec in enumerate(slot.artifacts):
            if not language.has(f"artifacts/{spec.type}"):
                yield lacks(("slots", slot.name, "artifacts", i), f"the template artifacts/{spec.type}")
        if slot.kind in ("line", "policy") and not language.has(f"brief/{slot.name}"):
            yield lacks(("slots", slot.name), f"the template brief/{slot.name}")
        if any(language.has(f"parts/{slot.name}_{a}") for a in slot.alternatives):
            for alternative in slot.alternatives:
                if not language.has(f"parts/{slot.name}_{alternative}"):
                    what = f"the template parts/{slot.name}_{alternative}"
                    yield lacks(("slots", slot.name, "alternatives"), what)
    for group, at, keys in _words(grammar):
        known = language.words.get(group)
        for key in keys:
            if not isinstance(known, View) or known.get(key) is None:
                yield lacks(at, f"the word for {key!r} (`{group}:` in words.yaml)")
    for tool in dict.fromkeys((*STRUCTURAL_TOOLS, *DISPERSED_TOOLS, *(t.name for t in grammar.tools))):
        entry = language.tools.get(tool)
        described = entry.get("parameters") or {} if isinstance(entry, dict) else {}
        wanted = next((t.parameters for t in grammar.tools if t.name == tool), ())
        if not isinstance(entry, dict) or [p for p in wanted if p not in described]:
            yield lacks(("tools", tool), f"the tool {tool} with its parameters (tools.yaml)")


def _words(grammar: Grammar) -> Iterator[tuple[str, tuple[str | int, ...], tuple[str, ...]]]:
    yield "businesses", ("organization", "businesses"), grammar.businesses
    yield "departments", ("organization", "departments"), (*grammar.departments, "management")
    yield "roles", ("agent", "roles"), grammar.roles
    for level, titles in grammar.titles.items():
        yield "titles", ("organization", "titles", level), titles
    for slot in grammar.slots:
        if slot.name == "channel":
            yield "channels", ("slots", "channel", "alternatives"), slot.alternatives


def _fields(slot: Slot) -> frozenset[str]:
    level = {"level"} if slot.kind == "line" else set()
    return ALWAYS | level | slot.attributes.keys() | {r.name for r in slot.roles} | slot.surface.keys()


def _misnamed(grammar: Grammar, language: Language) -> Iterator[Problem]:
    slots = {slot.name: _fields(slot) for slot in grammar.slots}
    homes: dict[str, set[str]] = {}  # template -> slots that it is about
    for slot in grammar.slots:
        for spec in slot.artifacts:
            homes.setdefault(f"artifacts/{spec.type}", set()).add(slot.name)
        if slot.kind in ("line", "policy"):
            homes[f"brief/{slot.name}"] = {slot.name}
    for name in (*grammar.ordinary.emails, *grammar.ordinary.documents, *grammar.ordinary.replies):
        homes.setdefault(f"artifacts/{name}", set())
    for name in (*grammar.ordinary.chats, *grammar.ordinary.tickets):
        homes.setdefault(f"artifacts/{name}", set())
    homes |= {f"tasks/{name}": set() for name in grammar.tasks}
    own = [k for k in _parts(language) if language.files[f"{k}.j2"].parent.parent.name == grammar.name]
    for template in sorted({*homes, *own}):
        source, file = language.sources.get(f"{template}.j2"), language.files.get(f"{template}.j2")
        if source is None or file is None:
            continue
        known = HELPERS | FRAME | (MESSAGE if template.startswith(("artifacts/", "parts/")) else {"now", "lines"})
        mine = homes.get(template, set(slots)) if not template.startswith("parts/") else set(slots)
        try:
            used = names_in(source, file)
        except TemplateError as error:
            yield Problem("template", error.message, error.fix, file, error.line or 1)
            continue
        for use in used:
            if use.name in mine:
                if use.field and use.field not in slots[use.name]:
                    fix = f"it has {', '.join(sorted(slots[use.name]))}"
                    message = f"{use.name} has no field {use.field!r}"
                    yield Problem("unknown name", message, fix, file, use.line)
            elif use.name not in known:
                fix = f"{template} knows {', '.join(sorted(mine)) or 'no slot'} beside the frame and the helpers"
                yield Problem("unknown name", f"the template uses {use.name!r}", fix, file, use.line)


def _parts(language: Language) -> list[str]:
    return [k.removesuffix(".j2") for k in language.sources if k.startswith("parts/")]


def _unused(grammar: Grammar, language: Language) -> Iterator[Problem]:
    """Templates of the domain's own that no production leads to."""
    wanted = {f"artifacts/{s.type}" for slot in grammar.slots for s in slot.artifacts}
    ordinary = grammar.ordinary
    for kinds in (ordinary.emails, ordinary.documents, ordinary.replies, ordinary.chats, ordinary.tickets):
        wanted |= {f"artifacts/{name}" for name in kinds}
    wanted |= {f"tasks/{name}" for name in grammar.tasks} | {f"brief/{slot.name}" for slot in grammar.slots}
    called = " ".join(language.sources.values())
    for key, file in language.files.items():
        name = key.removesuffix(".j2")
        home, _, rest = name.partition("/")
        if not rest or file.parent.parent.name != grammar.name:
            continue
        alternatives = [f"{s.name}_{a}" for s in grammar.slots for a in s.alternatives]
        used = name in wanted if home != "parts" else rest in alternatives or f'part("{rest}"' in called
        if not used:
            yield Problem("never rendered", f"nothing uses {name}", "use it in the grammar or delete it", file, 1)
