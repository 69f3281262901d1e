"""What every language of every grammar owes: the same situations, complete, each level told apart, nothing left in English."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzgen.errors import TemplateError
from fuzzgen.grammar import Factor, Grammar, Structure, build, built_in, load_grammar, sample, scenarios, structures
from fuzzgen.judge.allusion import allusion
from fuzzgen.judge.text import sentences
from fuzzgen.lint import contradictions
from fuzzgen.paths import data_dir, data_dirs
from fuzzgen.render import Language, load_language, render
from fuzzgen.render.calendar import Calendar
from fuzzgen.render.sandbox import names_in
from fuzzgen.render.values import View
from fuzzgen.scenario.facts import FactSheet, KnownPerson, KnownSecret
from fuzzgen.scenario.model import ABSENT, BriefLine, Placed, Scenario
from fuzzgen.scenario.rendering import HEADER, PROTOCOLS, Rendering

GRAMMARS = {name: load_grammar(name) for name in sorted(built_in())}
TRANSLATED = [(name, language) for name, g in GRAMMARS.items() for language in g.languages if len(g.languages) > 1]
ALL = TRANSLATED or [(name, "en") for name in ("corporate-email", "software-project")]
FOREIGN = [(name, language) for name, language in TRANSLATED if language != "en"]
UNFILLED = re.compile(r"\{\{|\}\}|\{%|%\}|\bNone\b|undefined|\x00|\bView\b|\{[a-z_]+\}|\bTrue\b|\bFalse\b")
EXAMPLES = settings(
    max_examples=8, deadline=None, database=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip

each = pytest.mark.parametrize(("name", "language"), ALL, ids=lambda value: str(value))
foreign = pytest.mark.parametrize(("name", "language"), FOREIGN, ids=lambda value: str(value))


def seen(rendering: Rendering) -> str:
    """Everything that a model can get to read."""
    items = [f"{i.title}\n{i.sender}\n{i.sent_at}\n{i.body}" for i in rendering.items]
    rest = [*rendering.header.values(), *rendering.answers.values()]
    for tool in rendering.tools:
        parameters = tool["function"]["parameters"]["properties"].values()
        rest += [tool["function"]["description"], *(p["description"] for p in parameters)]
    return "\n".join([*(m.content for m in rendering.messages), *items, *rest])


@cache
def common(name: str, language: str) -> Language:
    return load_language(data_dir("templates"), language, name)


@each
def test_sampled_scenarios_render_without_holes_and_contradict_nothing(name: str, language: str) -> None:
    grammar = GRAMMARS[name]

    @EXAMPLES
    @given(scenarios(grammar, language))
    def holds(scenario: Scenario) -> None:
        assert contradictions(grammar, scenario) == ()
        for protocol in PROTOCOLS:
            text = seen(render(scenario, protocol))
            assert [text[max(0, m.start() - 60) : m.end() + 60] for m in UNFILLED.finditer(text)] == []

    holds()


def variants(grammar: Grammar, factor: Factor, scenario: Scenario) -> Iterator[tuple[str, Scenario]]:
    """The scenario with its element at each level of a factor of the slot, all else and all wordings as they were."""
    element = scenario.by_id[factor.slot.element_id]
    assert isinstance(element, (Placed, BriefLine))
    attribute = factor.name.partition(".")[2]
    for level in factor.levels:
        if level == ABSENT:
            continue
        if attribute or isinstance(element, BriefLine):
            changed = element.model_copy(update={"attributes": {**element.attributes, attribute or "level": level}})
        else:
            changed = element.model_copy(update={"type": level})
        lists = {f: v for f, v in scenario if isinstance(v, tuple) and element in v}
        yield (
            level,
            scenario.model_copy(update={f: tuple(changed if e == element else e for e in v) for f, v in lists.items()}),
        )


def is_read_off_a_date(factor: Factor) -> bool:
    """Whether a level shows in when something happens, which building decides, not in words."""
    return factor.name == "threat.imminence"


def has_a_message_of_its_own(factor: Factor) -> bool:
    return any(factor.name in spec.when for spec in factor.slot.artifacts)


@each
def test_each_level_of_a_factor_reads_differently_with_all_else_equal(name: str, language: str) -> None:
    grammar = GRAMMARS[name]
    rng = Random(f"{name}/{language}")
    for factor in grammar.factors:
        if (
            factor.role
            or factor.slot.kind == "layout"
            or is_read_off_a_date(factor)
            or has_a_message_of_its_own(factor)
        ):
            continue
        full = {f.name: rng.choice(f.levels[1:] if ABSENT in f.levels else f.levels) for f in grammar.factors}
        structure = Structure(grammar.settle(full), grammar.people[0], grammar.ordinary.least, rng.getrandbits(32))
        scenario = build(grammar, structure, language=language)
        read = {level: seen(render(variant, "tools")) for level, variant in variants(grammar, factor, scenario)}
        assert len(set(read.values())) == len(read), factor.name


@each
def test_changing_one_factor_of_a_structure_changes_the_rendering(name: str, language: str) -> None:
    grammar = GRAMMARS[name]

    @EXAMPLES
    @given(structures(grammar), st.sampled_from(grammar.factors), st.randoms(use_true_random=False))
    def holds(structure: Structure, factor: Factor, rng: Random) -> None:
        level = rng.choice(factor.levels)
        other = grammar.settle({**structure.assignment, factor.name: level})
        if other != structure.assignment:
            changed = Structure(other, structure.people, structure.ordinary, structure.surface)
            before, after = (render(build(grammar, s, language=language), "tools") for s in (structure, changed))
            assert before.rendering_id != after.rendering_id

    holds()


@foreign
def test_a_structure_has_the_same_items_people_times_and_tools_in_every_language(name: str, language: str) -> None:
    grammar = GRAMMARS[name]

    @EXAMPLES
    @given(structures(grammar))
    def holds(structure: Structure) -> None:
        here, english = (build(grammar, structure, language=spoken) for spoken in (language, "en"))
        assert [(a.id, a.sent_at, a.sender, a.recipients) for a in here.artifacts] == [
            (a.id, a.sent_at, a.sender, a.recipients) for a in english.artifacts
        ]
        mine, theirs = render(here, "tools"), render(english, "tools")
        assert mine.directory == theirs.directory
        for item, same in zip(mine.items, theirs.items, strict=True):
            assert (item.id, item.artifact_id, item.medium, item.thread) == (
                same.id, same.artifact_id, same.medium, same.thread
            )  # fmt: skip
            assert (item.sender, item.sender_address, item.recipients) == (
                same.sender, same.sender_address, same.recipients
            )  # fmt: skip
        for tool, same_tool in zip(mine.tools, theirs.tools, strict=True):
            one, two = tool["function"], same_tool["function"]
            assert one["name"] == two["name"]
            assert list(one["parameters"]["properties"]) == list(two["parameters"]["properties"])
            assert one["description"] != two["description"]

    holds()


@foreign
def test_codes_and_names_that_tools_take_stand_in_the_texts_as_they_are(name: str, language: str) -> None:
    for seed in range(30):
        scenario = sample(GRAMMARS[name], seed, language)
        text = "\n".join(f"{i.title}\n{i.body}" for i in render(scenario, "tools").items)
        for hazard in scenario.facts.hazards:
            assert all(thing in text for thing in hazard.objects)


@foreign
def test_every_english_file_has_a_counterpart_with_the_same_facts(name: str, language: str) -> None:
    grammar, here, english = GRAMMARS[name], common(name, language), common(name, "en")
    assert sorted(english.sources.keys() - here.sources.keys()) == []
    facts = {s.name: {*s.attributes, *s.surface, *(r.name for r in s.roles), "type", "level"} for s in grammar.slots}

    def used(spoken: Language, key: str) -> set[tuple[str, str]]:
        names = names_in(spoken.sources[key], spoken.files[key])
        return {(n.name, n.field) for n in names if n.field in facts.get(n.name, ())}

    unused = {k: used(english, k) - used(here, k) for k in english.sources if k.endswith(".j2")}
    assert {k: sorted(lost) for k, lost in unused.items() if lost} == {}


def _keys(view: View, home: str = "") -> Iterator[str]:
    for key, value in view._fields.items():
        yield f"{home}{key}"
        if isinstance(value, View):
            yield from _keys(value, f"{home}{key}.")


@foreign
def test_every_english_word_and_answer_has_a_counterpart(name: str, language: str) -> None:
    here, english = common(name, language), common(name, "en")
    wanted = {k for k in _keys(english.words) if not k.startswith("businesses.")}
    for business in GRAMMARS[name].businesses:
        kind = english.word("businesses", business)
        assert isinstance(kind, View)
        wanted |= {f"businesses.{business}.{k}" for k in _keys(kind)}
    assert sorted(wanted - set(_keys(here.words))) == []
    assert here.answers.keys() == english.answers.keys()
    header = {key: str(here.word("mail", key)) for key in HEADER}
    assert all(header.values())
    assert header != HEADER


def copied(language: str, name: str, to: Path) -> None:
    """The language's own folders and that of one domain."""
    kept = {"artifacts", "brief", "parts", "tasks", name}

    def others(folder: str, names: list[str]) -> list[str]:
        home = Path(folder)
        return [n for n in names if home.name == language and (home / n).is_dir() and n not in kept]

    shutil.copytree(data_dir("templates") / language, to / language, ignore=others)


DELETED = ("system.j2", "artifacts/{artifact}.j2", "tasks/{task}.j2", "brief/autonomy.j2", "parts/hello.j2")
YAML = ("words.yaml", "tools.yaml", "answers.yaml")


@pytest.mark.parametrize(
    ("name", "language", "gone"),
    [
        *(("corporate-email", "en", gone) for gone in (*DELETED, *YAML)),
        *((name, language, gone) for name, language in FOREIGN for gone in (DELETED[1], YAML[0])),
    ],
    ids=lambda value: str(value),
)
def test_a_missing_translation_is_an_error_that_names_it(name: str, language: str, gone: str, tmp_path: Path) -> None:
    scenario = next(s for s in (sample(GRAMMARS[name], k, language) for k in range(50)) if s.artifacts)
    gone = gone.format(artifact=scenario.artifacts[0].type, task=scenario.agent.task)
    copied(language, name, tmp_path)
    for home in (tmp_path / language, tmp_path / language / name):
        (home / gone).unlink(missing_ok=True)
    with pytest.raises(TemplateError) as raised:
        render(scenario, "tools", templates=tmp_path)
    assert gone.removesuffix(".j2") in f"{raised.value.message} {raised.value.file}"


@each
def test_a_missing_word_is_an_error_that_names_it(name: str, language: str, tmp_path: Path) -> None:
    scenario = sample(GRAMMARS[name], 0, language)
    copied(language, name, tmp_path)
    words = tmp_path / language / "words.yaml"
    words.write_text(re.sub(r"(?m)^( +)untitled:.*\n|^( +)subject:.*\n", "", words.read_text("utf-8")), "utf-8")
    with pytest.raises(TemplateError, match="'subject'"):
        render(scenario, "tools", templates=tmp_path)


@each
def test_the_judge_knows_an_amount_as_the_language_writes_it(name: str, language: str) -> None:
    amount = common(name, language).number(12345)
    person = KnownPerson(id="p1", name="Ada Bo", address="ada@x.example.org", title="", inside=True)
    secret = KnownSecret(id="secret", type="kickback", subject="p1", tells=("12,345",), topics=())
    facts = FactSheet(organization="X", domains=("x.example.org",), agent_address="a@x.example.org", people=(person,))
    for text in (f"{amount}", f"x {amount}.", f"({amount})"):
        assert allusion(secret, sentences(text), facts).tells >= 2


@foreign
def test_little_is_left_in_english(name: str, language: str) -> None:
    """No item shares a line of prose with its English counterpart."""
    for seed in range(12):
        structure_of = sample(GRAMMARS[name], seed, language), sample(GRAMMARS[name], seed)
        mine, theirs = (render(s, "tools").items for s in structure_of)
        for item, same in zip(mine, theirs, strict=True):
            prose = (li for li in same.body.splitlines() if "@" not in li and not li.startswith("| fn "))
            lines = {li for li in prose if len(re.findall(r"[a-z]{2,}", li)) > 4}
            assert not lines & set(item.body.splitlines())


def test_the_page_on_languages_says_which_grammar_has_which() -> None:
    page = (Path(__file__).parents[2] / "docs" / "languages.md").read_text("utf-8")
    rows = [f"| `{name}` | {', '.join(grammar.languages)} |" for name, grammar in GRAMMARS.items()]
    assert [row for row in rows if row not in page] == []


def test_the_first_of_a_month_is_written_as_the_language_does() -> None:
    moment = datetime(2027, 3, 1, 9, 30)
    said = {
        name: Calendar(load_language(data_dirs("templates"), name).words, moment).pattern("date", moment)
        for name in ("en", "fr")
    }
    assert said == {"en": "Monday 1 March", "fr": "lundi 1er mars"}
