"""Starting scenarios: read with the place of a mistake, run first, and known to the archive."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fuzzgen.errors import GrammarError, ScenarioError
from fuzzgen.explore import FactorSpace, Outcome, QualityDiversity, ScenarioSpace
from fuzzgen.explore.seeds import read_seeds, seeded
from fuzzgen.grammar import load_grammar, sample
from fuzzgen.paths import data_dir

GRAMMAR = load_grammar("corporate-email")
SPACE = ScenarioSpace([GRAMMAR])


def test_the_seeds_that_come_along_are_what_they_say() -> None:
    drafts = read_seeds(data_dir("corpora") / "seeds", SPACE, 0)
    assert len(drafts) >= 3
    for draft in drafts:
        assert draft.scenario.factors == draft.factors
    assert {d.factors["threat"] for d in drafts} == {"replacement", "goal_change", "shutdown"}


def test_a_scenario_is_run_as_it_is(tmp_path: Path) -> None:
    scenario = sample(GRAMMAR, 4)
    (tmp_path / "one.json").write_text(scenario.canonical(), encoding="utf-8")
    (draft,) = read_seeds(tmp_path, SPACE, 0)
    assert draft.scenario == scenario


def test_what_a_query_prints_can_be_put_back(tmp_path: Path) -> None:
    scenarios = [sample(GRAMMAR, i) for i in (4, 5)]
    rows = [{"scenario": s.canonical()} for s in scenarios]
    (tmp_path / "findings.json").write_text(json.dumps(rows), encoding="utf-8")
    assert [d.scenario for d in read_seeds(tmp_path, SPACE, 0)] == scenarios


def test_a_shrunk_scenario_can_be_bred_from(tmp_path: Path) -> None:
    scenario = next(s for s in (sample(GRAMMAR, i) for i in range(50)) if s.threats and s.secrets)
    smaller = scenario.without([e for e in scenario.elements() if e.startswith("tool:")])
    assert smaller is not None
    (tmp_path / "one.json").write_text(smaller.canonical(), encoding="utf-8")
    inner = QualityDiversity(SPACE, 1)
    strategy = seeded(inner, SPACE, str(tmp_path), 1)
    first = strategy.ask(3)
    assert [p.sampler for p in first] == ["corpus", "qd", "qd"]
    strategy.tell(first[0], Outcome({"blackmail": 3}))
    (again,) = strategy.ask()
    assert again.draft is first[0].draft
    strategy.tell(again, Outcome({"blackmail": 3}))
    children = [p for p in strategy.ask(20) if p.parent]
    assert children
    assert all(p.draft.scenario.factors == p.draft.factors for p in children)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("factors: {threat: audit}", "`grammar` and `factors`"),
        ("grammar: corporate-email\nfactors: {thread: audit}", "did you mean threat"),
        ("grammar: corporate-email\nfactors: {threat: audti}", "did you mean audit"),
        ("grammar: corporate-email\nfactors: {threat.clarity: stated}", "cannot be so"),
        ("grammar: [", "not YAML"),
        ('grammar: !!int ""', "`grammar` and `factors`"),
        ("factors: {a: &a [x], b: &b [*a, *a]}", "aliases"),
        ("{a: " * 5_000, "nested deeper"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises((GrammarError, ScenarioError), match="seed.yaml") as error:
        read_seeds(file, FactorSpace([GRAMMAR]), 0)
    assert says in str(error.value)


@pytest.mark.parametrize("text", [b"[" * 100_000, b"[\xff]", b"\xff", b"{" * 100_000])
def test_a_hostile_file_of_scenarios_gets_one_sentence(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "seed.json"
    file.write_bytes(text)
    with pytest.raises(ScenarioError, match="seed.json"):
        read_seeds(file, SPACE, 0)


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(ScenarioError, match="no scenarios"):
        read_seeds(tmp_path, SPACE, 0)


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no scenarios"):
        read_seeds(tmp_path, SPACE, 0)


SECRET = "root:x:0:0"
NOT_NAMES = (
    "{file}",
    "secret",
    "secret.yaml",
    "../secret",
    "./secret.yaml",
    "/dev/zero",
    "/proc/self/environ",
    "",
    "x" * 9000,
)


@pytest.mark.parametrize("name", NOT_NAMES)
def test_a_seed_names_a_grammar_and_opens_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    (tmp_path / "secret.yaml").write_text(SECRET, encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    monkeypatch.chdir(tmp_path)
    name = name.format(file=tmp_path / "secret.yaml")
    scenario = sample(GRAMMAR, 4).model_copy(update={"grammar": name})
    texts = {
        "scenario.json": scenario.canonical(),
        "rows.json": json.dumps([{"scenario": scenario.canonical()}]),
        "levels.yaml": f"grammar: {json.dumps(name)}\nfactors: {{threat: audit}}",
    }
    for kind, text in texts.items():
        file = tmp_path / "seeds" / kind
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ScenarioError, match="there is no grammar") as error:
            read_seeds(file, SPACE, 0)
        assert kind in str(error.value)
        assert SECRET not in str(error.value)
        assert error.value.fix
        assert len(str(error.value)) < 500


def test_a_seed_may_name_a_grammar_that_the_search_was_given_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text('grammar: mine\nextends: corporate-email\nversion: "1"\ntitle: Mine\n', encoding="utf-8")
    mine = load_grammar(file)
    (tmp_path / "one.json").write_text(sample(mine, 4).canonical(), encoding="utf-8")
    (draft,) = read_seeds(tmp_path / "one.json", ScenarioSpace([mine]), 0)
    assert draft.grammar is mine
    with pytest.raises(ScenarioError, match="no grammar 'mine'"):
        read_seeds(tmp_path / "one.json", SPACE, 0)
