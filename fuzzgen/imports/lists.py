"""Lists of prompts: seed instructions as Petri takes them, scenarios as Bloom writes them, and one JSON object per line.

What is malformed is named with its file and line and left out; the rest goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from fuzzgen.errors import ScenarioError
from fuzzgen.imports.files import Inside, numbered_lines, parsed, refuse
from fuzzgen.imports.found import Import, Left
from fuzzgen.imports.model import Published, Text, scenario_of
from fuzzgen.imports.published import stated
from fuzzgen.scenario.model import Scenario

__all__ = ["read_bloom", "read_jsonl", "read_petri"]

Stated = tuple[Text, Published | None]  # a prompt, with what its author says of the people in it
Found = Iterator[tuple[int, Text | Stated | str]]  # a line with a prompt, or with what is wrong there
Reader = Callable[[str, Path], Found]
KEYS = ("prompt", "input", "seed_instruction", "seed", "instruction", "instructions", "text")
NAMES = ("name", "id", "title")
_ITEM = re.compile(r"(?:[-*+]|\d{1,4}[.)])[ \t]+(.*)", re.DOTALL)
_BOLD = re.compile(r"^(?:\*\*|#{1,6}[ \t]*+)([^*\n:]{1,60}):?(?:\*\*)?:?[ \t]{0,20}$", re.MULTILINE)  # linear in a line
_USER = re.compile(
    r"(?:(?:first|initial|opening) )?user (?:message|prompt|turn)|initial (?:message|prompt)", re.IGNORECASE
)
FOR_AUDITOR = (
    "Seed instructions address an auditor model that plays the other side. As prompts they show a model the description of "
    "a situation, which it can take for a test."
)
FOR_EVALUATOR = (
    "{count} of {all} scenarios have no system prompt with a message of a user: they are descriptions for an evaluator, "
    "imported whole as prompts, which a model can take for a test."
)
UNKNOWN = (
    "There is no fact sheet for {some}: rules find no harm in them. Have their episodes judged with a --judge-model."
)
UNPROTECTED = (
    "Some harms protect no piece of the text: minimize may cut what makes them wrong (`protects`, docs/imports.md)."
)


def read_petri(path: Path, _: str = "") -> Import:
    """Seed instructions: a line each (.txt), JSON or JSONL, or Markdown: a list, or one with front matter."""
    out = _read("petri-seeds", path, (".txt", ".md", ".json", ".jsonl"), _petri)
    out.notes.insert(0, FOR_AUDITOR)
    return out


def read_jsonl(path: Path, _: str = "") -> Import:
    """One object per line with `prompt` or `messages`, perhaps with `system`, `name`, `language`, `facts` and `tools`."""
    return _read("jsonl", path, (".jsonl", ".ndjson"), partial(_lines, read=_with_facts))


def read_bloom(path: Path, _: str = "") -> Import:
    """The scenarios of `ideation.json`, in a folder of results or by itself."""
    inside = Inside(path)
    out = Import("bloom", "", "")
    files = [f for f in inside.files(".json") if f == inside.root or f.name == "ideation.json"]
    whole = 0
    for file in files:
        for line, found in _guarded(inside, file, out, _bloom):
            name = f"{file.parent.name if inside.root.is_dir() else file.stem}-{line}"
            whole += isinstance(found, Text) and not found.system
            _take(out, inside, file, None, name, found)
    if whole:
        out.notes.append(FOR_EVALUATOR.format(count=whole, all=len(out.scenarios) + len(out.left)))
    return _done(out, inside)


def _read(kind: str, path: Path, suffixes: tuple[str, ...], read: Reader) -> Import:
    inside = Inside(path)
    out = Import(kind, "", "")
    for file in inside.files(*suffixes):
        for line, found in _guarded(inside, file, out, read):
            _take(out, inside, file, line, f"{file.stem}-{line}", found)
    return _done(out, inside)


def _done(out: Import, inside: Inside) -> Import:
    if not out.scenarios and not out.left:
        raise refuse(f"nothing here in the format {out.format}", "see docs/imports.md", inside.given)
    if any(i.scenario.facts.harms and not _kept(i.scenario) for i in out.scenarios):
        out.notes.append(UNPROTECTED)
    without = sum(not i.scenario.facts.harms for i in out.scenarios)
    if without or not out.scenarios:
        out.notes.append(UNKNOWN.format(some="these" if without == len(out.scenarios) else f"{without} of these"))
    return out


def _kept(scenario: Scenario) -> bool:
    """Whether every harm says what its wrongness rests on."""
    texts = {a.id for a in scenario.artifacts} | {line.id for line in scenario.brief}
    return all(texts & set(h.protects) for h in scenario.facts.harms)


def _guarded(inside: Inside, file: Path, out: Import, read: Reader) -> Found:
    """What a file gives; one that cannot be read is left out where others go on, and refused where it is the only one."""
    try:
        yield from read(inside.text(file), inside.shown(file))
    except ScenarioError as error:
        if file == inside.root:
            raise
        out.left.append(Left("malformed", file.name, error.message.removeprefix(f"{error.file}: "), error.file or file))


def _take(out: Import, inside: Inside, file: Path, line: int | None, name: str, found: Text | Stated | str) -> None:
    shown = inside.shown(file)
    if isinstance(found, str):
        out.left.append(Left("malformed", name, found, shown, line))
    else:
        text, known = found if isinstance(found, tuple) else (found, None)
        scenario = scenario_of(text, known)
        name = text.name or name
        if known and (wrong := _no_element(scenario)):
            out.left.append(Left("malformed", name, wrong, shown, line))
        else:
            out.add(scenario, name, shown, line)


def _no_element(scenario: Scenario) -> str:
    """The first thing that a stated fact sheet protects and the text does not have, with what there is; or ""."""
    there = {*scenario.elements(), *(c.id for c in scenario.facts.channels)}
    named = [i for h in scenario.facts.harms for i in h.protects] + [
        o for s in scenario.facts.secrets for o in s.objects
    ]
    if missing := [n for n in named if n not in there]:
        return f"`facts`: {missing[0]!r} is no piece of this text; it has {', '.join(scenario.elements())[:300]}"
    return ""


def _petri(text: str, file: Path) -> Found:
    match file.suffix.lower():
        case ".jsonl":
            yield from _lines(text, file)
        case ".json":
            data = parsed(text, file, "JSON")
            rows = list(data.values()) if isinstance(data, dict) and not set(data) & {*KEYS, "messages"} else data
            for number, row in enumerate(rows if isinstance(rows, list) else [rows], 1):
                yield number, _object(row)
        case ".md":
            yield from _markdown(text, file)
        case _:
            yield from ((line, Text("", prompt=words.strip())) for line, words in numbered_lines(text))


def _markdown(text: str, file: Path) -> Found:
    """One seed behind front matter, or the items of a list; a text without either is one seed."""
    if text.startswith("---\n"):
        head, closed, body = text[4:].partition("\n---")
        if not closed:
            raise refuse("the front matter does not end", "close it with ---", file, 1)
        parsed(head, file, "YAML", 1)
        line = head.count("\n") + 3
        yield line, Text(file.stem, prompt=body.strip()) if body.strip() else "there is nothing behind the front matter"
        return
    items: list[tuple[int, list[str]]] = []
    for line, words in enumerate(text.split("\n"), 1):
        if found := _ITEM.match(words):
            items.append((line, [found[1]]))
        elif items and (not words.strip() or words.startswith(" ")):
            items[-1][1].append(words.strip())
    if items:
        yield from ((line, Text("", prompt="\n".join(words).strip())) for line, words in items)
    elif text.strip():
        yield 1, Text(file.stem, prompt=text.strip())


def _lines(text: str, file: Path, read: Callable[[object], Text | Stated | str] | None = None) -> Found:
    for line, words in numbered_lines(text):
        try:
            yield line, (read or _object)(parsed(words, file, "JSON"))
        except ScenarioError as error:
            yield line, error.message.rpartition(f"{error.line}: " if error.line else ": ")[2]


def _with_facts(row: object) -> Text | Stated | str:
    """A prompt with its fact sheet and tools, or what is wrong with it."""
    text = _object(row)
    if isinstance(text, str) or not isinstance(row, dict) or not {"facts", "tools"} & set(row):
        return text
    known = stated(row.get("facts"), row.get("tools", []))
    return known if isinstance(known, str) else (text, known)


def _object(row: object) -> Text | str:
    """The prompt of a JSON value, or what is wrong with it."""
    if isinstance(row, str):
        return Text("", prompt=row) if row.strip() else "an empty text"
    if not isinstance(row, dict):
        return "an object with `prompt` or `messages` is expected"
    name = next((str(row[k]) for k in NAMES if isinstance(row.get(k), str | int)), "")
    language = row.get("language")
    spoken = language if isinstance(language, str) and language else "en"
    system = row.get("system", "")
    if not isinstance(system, str):
        return "`system` is a text"
    if "messages" in row:
        return _conversation(row["messages"], name, system, spoken)
    prompt = next((row[k] for k in KEYS if k in row), None)
    if not isinstance(prompt, str) or not prompt.strip():
        return "`prompt` or `messages` is missing" if prompt is None else "`prompt` is a text that is not empty"
    return Text(name, system=system, prompt=prompt, language=spoken)


def _conversation(messages: object, name: str, system: str, language: str) -> Text | str:
    """System and user messages as one prompt each; what a model answered cannot be shown as if it were new."""
    parts: dict[str, list[str]] = {"system": [system] if system else [], "user": []}
    for message in messages if isinstance(messages, list) else [None]:
        role = message.get("role") if isinstance(message, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(role, str) or role not in parts or not isinstance(content, str):
            if role == "assistant":
                return "a conversation with answers of the assistant is not one prompt"
            return "`messages` is a list of objects with `role` (system, user) and `content`, a text"
        parts[role].append(content)
    if not "".join(parts["user"]).strip():
        return "there is no message of the user"
    return Text(name, system="\n\n".join(parts["system"]), prompt="\n\n".join(parts["user"]), language=language)


def _bloom(text: str, file: Path) -> Found:
    data = parsed(text, file, "JSON")
    rows = data.get("variations") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise refuse("a list `variations` is expected", "give an ideation.json", file)
    for number, row in enumerate(rows, 1):
        words = row.get("description") if isinstance(row, dict) else row
        if not isinstance(words, str) or not words.strip():
            yield number, f"variation {number} has no description"
            continue
        parts = _sections(words)
        system = parts.get("system prompt", "")
        user = next((body for title, body in parts.items() if _USER.fullmatch(title) and body), "")
        yield number, (Text("", system=system, prompt=user) if system and user else Text("", prompt=words.strip()))


def _sections(text: str) -> dict[str, str]:
    """Title in lower case -> what stands below it, of headings in bold or with `#`."""
    found = list(_BOLD.finditer(text))
    ends = [*(f.start() for f in found[1:]), len(text)][: len(found)]
    return {f[1].strip().lower(): text[f.end() : end].strip() for f, end in zip(found, ends, strict=True)}
