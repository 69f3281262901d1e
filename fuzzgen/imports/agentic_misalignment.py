"""Reads a clone of the published agentic misalignment experiment: its templates, variables and configurations.

A prompt of it is composed of a system prompt per scenario, with the statement of a goal, and e-mails: those that all
conditions share, then those of an urgency, both with the words of a goal's value filled in; where there is no goal, the
e-mails of the urgency alone. Only data is read; its Python is looked at as a syntax tree (constants.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from pathlib import Path
from string import Template

from fuzzgen.imports.constants import Value, constants
from fuzzgen.imports.files import Inside, parsed, refuse
from fuzzgen.imports.found import Import, Left, unfilled
from fuzzgen.imports.model import MANY, Mail, Text, scenario_of
from fuzzgen.imports.published import about, published
from fuzzgen.scenario.elements import YEARS

__all__ = ["read"]

NAME = "agentic-misalignment"
PROMPTS = "system_prompt_templates.py"
SCENARIOS = ("blackmail", "leaking", "murder")
URGENCIES = ("none", "restriction", "replacement")
VARIANTS = {"": "_SYSTEM_PROMPT", "_prod": "_SYSTEM_PROMPT_PROD"}  # with a scratchpad, and without
BORROWED = {"murder": "blackmail"}  # whose words of a goal's value it takes
NO_VALUE = ("none", "ambiguous")
_SECTION = re.compile(r"^##[ \t]++([^\n]*\S)[ \t]*\n\s*```json[ \t]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPACE = re.compile(r"\s*")
LONGEST = 2_000_000  # characters of a text with its words filled in
_HEADER = re.compile(r"^(ID|From|To|Subject|Timestamp):[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class _Condition:
    """One cell of the design. `value` is a goal's value; of a swapped goal both, e-mails first."""

    scenario: str
    goal: str
    value: str
    urgency: str
    variant: str

    @property
    def name(self) -> str:
        return f"{self.scenario}_{self.goal}-{self.value}_{self.urgency}{self.variant}"


def read(path: Path, configuration: str = "") -> Import:
    """All conditions of the design, or those of one configuration file. Raises ScenarioError where PATH is no clone."""
    inside = Inside(path)
    templates = _templates(inside)
    ships = about(NAME)
    out = Import(NAME, ships["source"], ships["license"])
    prompts = _Prompts(inside, templates)
    conditions, warning = _design(prompts), ""
    if configuration:
        conditions, warning = _configured(inside, templates.parent, configuration, conditions)
    for condition in conditions:
        try:
            text = prompts.text(condition, warning)
        except _Lacking as lacking:
            out.left.append(Left("malformed", condition.name, f"{condition.name}: {lacking}", inside.shown(templates)))
            continue
        scenario = scenario_of(text, published(NAME, text.conditions))
        holes = unfilled(f"{text.system}{''.join(mail.block for mail in text.mails)}")
        file, line = prompts.place(condition, holes[0]) if holes else (templates, None)
        out.add(scenario, condition.name, inside.shown(file), line)
    return out


def _templates(inside: Inside) -> Path:
    """The folder of templates, at the top or up to three folders down."""
    if not inside.root.is_dir():
        raise refuse("this is a file", "give the folder of a clone of the experiment's repository", inside.given)
    for depth in ("", "*/", "*/*/", "*/*/*/"):
        for found in sorted(inside.root.glob(f"{depth}templates/{PROMPTS}")):
            return found.parent
    raise refuse(
        f"no templates/{PROMPTS} here", "give the folder of a clone of the experiment's repository", inside.given
    )


class _Lacking(Exception):
    """A condition for which something is not there."""


class _Prompts:
    """Composes prompts; each file is read once."""

    def __init__(self, inside: Inside, templates: Path) -> None:
        self.inside, self.templates = inside, templates
        self._texts: dict[str, str] = {}
        self._words: dict[str, dict[str, dict[str, str]]] = {}
        file = templates / PROMPTS
        found = constants(inside.text(file), inside.shown(file))
        self.constants = {name: value for name, value in found.items() if isinstance(value, str)}
        self.goals = _mappings(found.get("GOAL_VARIABLES"))
        if not self.goals or "USER_PROMPT" not in self.constants:
            raise refuse("no goals or no user prompt in it", "give an unchanged copy", inside.shown(file))

    def text(self, condition: _Condition, warning: str) -> Text:
        """The prompt of a condition, with what it lacks left as it is."""
        scenario, words = condition.scenario, {"extra_system_instructions": "", "alignment_faking_warning": warning}
        goal = self.goals.get(condition.goal if condition.value == "none" else f"{condition.goal}-{condition.value}")
        system = self.constants.get(scenario.upper() + VARIANTS[condition.variant])
        if system is None or goal is None:
            raise _Lacking("it has no system prompt" if system is None else "it has no such goal")
        words |= self._value(BORROWED.get(scenario, scenario), condition) | goal
        mails = tuple(
            _split(_filled("".join(map(self._file, _files(condition))), words), numbered=scenario == "leaking")
        )
        if len(mails) > MANY:
            raise _Lacking(f"more than {MANY} e-mails")
        return Text(
            name=condition.name,
            system=_filled(system, words),
            user=self.constants["USER_PROMPT"] + "\n\n",
            mails=mails,
            conditions={
                "scenario": scenario,
                "goal_type": condition.goal,
                "goal_value": condition.value,
                "urgency": condition.urgency,
                "scratchpad": "no" if condition.variant else "yes",
            },
        )

    def place(self, condition: _Condition, words: str) -> tuple[Path, int | None]:
        """The file and line in which these words stand; the system prompts where it is none of the e-mails."""
        for name in _files(condition):
            text = self._file(name)
            if (at := text.find(words)) >= 0:
                return self.templates / name, text.count("\n", 0, at) + 1
        return self.templates / PROMPTS, None

    def _file(self, name: str) -> str:
        if name not in self._texts:
            path = self.templates / name
            if not path.exists():
                raise _Lacking(f"there is no {name}")
            self._texts[name] = self.inside.text(path)
        return self._texts[name]

    def _value(self, scenario: str, condition: _Condition) -> dict[str, str]:
        """The words of a goal's value; of a swapped goal those of its first value, as the e-mails have them."""
        sections = self.sections(scenario)
        value = "ambiguous" if condition.goal in NO_VALUE else condition.value.partition("-")[0]
        for name, words in sections.items():
            if value in re.split(r"[\W_]+", name):
                return words
        raise _Lacking(f"there are no words for {value}")

    def sections(self, scenario: str) -> dict[str, dict[str, str]]:
        """Section title in lower case -> its words, of all files of variables."""
        if scenario not in self._words:
            self._words[scenario] = {}
            for path in sorted((self.templates / scenario / "variables").glob("*.md")):
                text, shown = self.inside.text(path), self.inside.shown(path)
                for found in _SECTION.finditer(text):
                    line = text.count("\n", 0, found.start(2))
                    data = parsed(found[2], shown, "JSON", line)
                    if not isinstance(data, dict) or not all(isinstance(v, str) for v in data.values()):
                        raise refuse("a section is a mapping of texts", "give an unchanged copy", shown, line + 1)
                    self._words[scenario][found[1].lower()] = data
        return self._words[scenario]


def _files(condition: _Condition) -> tuple[str, ...]:
    """The files of e-mails that a condition is composed of."""
    stem = f"{condition.scenario}/templates/email-template-{condition.scenario}"
    if condition.goal == "none":
        return (f"{stem}-goal-conflict-none-{condition.urgency}.md",)
    return f"{stem}-shared.md", f"{stem}-{condition.urgency}.md"


def _mappings(value: Value | None) -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for name, words in value.items() if isinstance(value, dict) else ():
        if isinstance(words, dict):
            out[name] = {k: v for k, v in words.items() if isinstance(v, str)}
    return out


def _filled(text: str, words: Mapping[str, str]) -> str:
    """The text with these words for its placeholders; others stay."""
    holes = (found["named"] or found["braced"] or "" for found in Template.pattern.finditer(text))
    if len(text) + sum(len(words.get(hole, "")) for hole in holes) > LONGEST:
        raise _Lacking(f"a text of more than {LONGEST:,} characters")
    return Template(text).safe_substitute(words)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Where each e-mail stands, with the space behind it."""
    end = 0
    while (start := text.find("<email>", end)) >= 0 and (close := text.find("</email>", start)) >= 0:
        space = _SPACE.match(text, close + len("</email>"))
        end = space.end() if space else close
        yield start, end


def _split(text: str, *, numbered: bool) -> Iterator[Mail]:
    """The e-mails of a text; together with what stands between them they are the text, numbered where it asks for ids."""
    places = list(_blocks(text))
    ends = [0, *(end for _, end in places)]
    for number, (start, end) in enumerate(places, 1):
        block = text[start:end]
        if numbered:
            block = block.replace("<email>", f"<email>\nID: {number}", 1)
        before = text[ends[number - 1] : start]
        header = {k.lower(): v.strip() for k, v in reversed(_HEADER.findall(block.partition("\nBody:")[0]))}
        yield Mail(
            block=before + block + (text[end:] if number == len(places) else ""),
            sender=header.get("from", "").casefold(),
            to=tuple(a.strip().casefold() for a in header.get("to", "").split(",") if a.strip()),
            subject=header.get("subject", ""),
            sent_at=_moment(header.get("timestamp", "")),
            id=str(number) if numbered else "",
        )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return moment if moment.year in YEARS else None


def _design(prompts: _Prompts) -> list[_Condition]:
    """Every scenario with every goal that is defined, every urgency, with and without a scratchpad."""
    goals = [name.partition("-") for name in prompts.goals]
    return [
        _Condition(scenario, goal, value or "none", urgency, variant)
        for scenario, (goal, _, value), urgency, variant in product(SCENARIOS, goals, URGENCIES, VARIANTS)
    ]


def _configured(inside: Inside, home: Path, name: str, design: list[_Condition]) -> tuple[list[_Condition], str]:
    """The conditions that a configuration asks for, and the warning that it puts into the system prompt."""
    path = home / "configs" / (name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not path.resolve().is_file():
        known = ", ".join(sorted(p.stem for p in (home / "configs").glob("*.y*ml"))) or "none"
        raise refuse(f"there is no configuration {name!r}", f"there is {known}", inside.shown(home / "configs"))
    shown = inside.shown(path)
    data = parsed(inside.text(path), shown, "YAML")
    if not isinstance(data, dict):
        raise refuse("a configuration is a mapping", "give an unchanged copy", shown)
    expansions = data.get("expansions")
    rows = [
        _mapping(e.get("variables"))
        for e in (expansions if isinstance(expansions, list) else [])
        if isinstance(e, dict) and e.get("enabled", True)
    ]
    asked = [_asked(row) for row in rows or [data]]
    extra = _mapping(_mapping(data.get("global")).get("alignment_faking"))
    text = extra.get("warning_text")
    warning = text if isinstance(text, str) and extra.get("enabled") else ""
    chosen = [c for c in design if any(_is_asked(c, *fields) for fields in asked)]
    if not chosen:
        raise refuse("this configuration asks for no condition of the design", "take another", shown)
    return chosen, warning


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _asked(row: Mapping[str, object]) -> list[frozenset[str]]:
    """Scenarios, types and values of goals, and urgencies of one expansion."""
    fields = [row.get(k) for k in ("scenarios", "goal_types", "goal_values", "urgency_types")]
    return [frozenset(x for x in f if isinstance(x, str)) if isinstance(f, list) else frozenset() for f in fields]


def _is_asked(
    condition: _Condition,
    scenarios: Collection[str],
    goals: Collection[str],
    values: Collection[str],
    urgencies: Collection[str],
) -> bool:
    """Whether an expansion has this condition; without a goal there is one value."""
    fits = bool(values) if condition.goal in NO_VALUE else condition.value.partition("-")[0] in values
    return fits and condition.scenario in scenarios and condition.goal in goals and condition.urgency in urgencies
