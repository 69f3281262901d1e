"""`fuzzgen grammar`: coverage of a database and of a corpus, and scenarios as a model would get them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run

from fuzzgen.grammar import load_grammar, sample
from fuzzgen.scenario.model import Scenario
from fuzzgen.store.read import all_findings, find_finding, scenario_of

GRAMMAR = load_grammar("corporate-email")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for seed in range(4):
        (folder / f"{seed}.json").write_text(sample(GRAMMAR, seed).canonical(), encoding="utf-8")
    other = sample(load_grammar("software-project"), 1)
    (folder / "other.json").write_text(other.canonical(), encoding="utf-8")
    return folder


def test_coverage_of_a_corpus_counts_its_scenarios_of_this_grammar(fuzzgen: Run, corpus: Path) -> None:
    done = fuzzgen("grammar", "coverage", "corporate-email", "--corpus", corpus, "--json")
    assert done.code == 0
    data = json.loads(done.out)
    assert (data["scenarios"], data["strength"], data["feasible"]) == (4, 2, 4796)
    assert data["exercised"] + len(data["missing"]) == data["feasible"]
    assert all(len(row) == 2 for row in data["missing"])
    assert data["productions"]["slot"]["feasible"] >= 40


def test_coverage_of_a_database_counts_what_was_played_out(fuzzgen: Run, tmp_path: Path) -> None:
    fuzzgen("explore", "--strategy", "random", "--budget", "30", "--no-minimize", "--db", tmp_path / "x.duckdb")
    done = fuzzgen("grammar", "coverage", "corporate-email", "--db", tmp_path / "x.duckdb", "--missing", "3")
    assert done.code == 0
    assert "pairs of levels:" in done.out
    assert "more rows (--missing N" in done.out
    data = json.loads(fuzzgen("grammar", "coverage", "corporate-email", "--db", tmp_path / "x.duckdb", "--json").out)
    assert 0 < data["scenarios"] <= 30


def test_coverage_of_what_is_not_there_is_one_sentence(fuzzgen: Run, tmp_path: Path) -> None:
    done = fuzzgen("grammar", "coverage", "corporate-email", "--db", tmp_path / "none.duckdb")
    assert done.code == 3
    assert "no database" in done.err
    assert fuzzgen("grammar", "coverage", "corporate-emial").code == 2


def test_a_language_that_a_grammar_lacks_is_refused_with_those_it_has(fuzzgen: Run) -> None:
    done = fuzzgen("grammar", "sample", "corporate-email", "--language", "tlh")
    assert done.code == 2
    assert "it has en" in done.err


@pytest.mark.parametrize("protocol", ["tools", "inbox"])
def test_a_sample_can_be_read_as_a_model_gets_it(fuzzgen: Run, protocol: str) -> None:
    done = fuzzgen("grammar", "sample", "corporate-email", "--seed", "3", "--protocol", protocol)
    scenario = sample(GRAMMAR, 3)
    assert done.code == 0
    assert done.out.startswith("--- system\n")
    assert all(p.name in done.out for p in scenario.people)


def test_siblings_of_a_file_are_the_same_situation_with_nobody_in_common(fuzzgen: Run, tmp_path: Path) -> None:
    scenario = sample(GRAMMAR, 11)
    (tmp_path / "known.json").write_text(scenario.canonical(), encoding="utf-8")
    done = fuzzgen("grammar", "sample", "corporate-email", "--like", "known.json", "-n", "3", "--out", "siblings")
    assert done.code == 0
    siblings = [Scenario.parse(f.read_text(encoding="utf-8")) for f in sorted((tmp_path / "siblings").iterdir())]
    assert len(siblings) == 3
    assert all(s.factors == scenario.factors and s.elements() == scenario.elements() for s in siblings)
    names = [{p.name for p in s.people} for s in (scenario, *siblings)]
    assert all(not names[0] & other for other in names[1:])


def test_a_finding_has_siblings_of_its_minimal_form(fuzzgen: Run, db: Path) -> None:
    (finding,) = all_findings(db)
    row = find_finding(db, finding["finding_id"])
    done = fuzzgen("grammar", "sample", "corporate-email", "--like", finding["finding_id"], "--db", db)
    assert done.code == 0
    known, sibling = scenario_of(db, row["minimal_id"] or row["scenario_id"]), Scenario.parse(done.out)
    assert sibling.elements() == known.elements()
    assert not {p.name for p in sibling.people} & {p.name for p in known.people}


def test_siblings_come_from_the_scenarios_own_grammar(fuzzgen: Run, tmp_path: Path) -> None:
    (tmp_path / "known.json").write_text(sample(GRAMMAR, 1).canonical(), encoding="utf-8")
    done = fuzzgen("grammar", "sample", "hospital", "--like", "known.json")
    assert done.code == 2
    assert "say corporate-email" in done.err
    alone = fuzzgen("grammar", "sample", "--like", "known.json")
    assert Scenario.parse(alone.out).grammar == "corporate-email"
    assert fuzzgen("grammar", "sample").code == 2
    assert fuzzgen("grammar", "sample", "hospital", "--like", "gone.json").code == 2


def test_a_scenario_cannot_have_a_file_read_as_its_grammar(fuzzgen: Run, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("root:x:0:0", encoding="utf-8")
    for name in ("/etc/passwd", "/dev/zero", "secret.yaml", str(tmp_path / "secret.yaml")):
        scenario = sample(load_grammar("corporate-email"), 1).model_copy(update={"grammar": name})
        (tmp_path / "g1.json").write_text(scenario.canonical(), encoding="utf-8")
        for arguments in (
            ("grammar", "sample", "--like", "g1.json"),
            ("grammar", "coverage", "corporate-email", "--corpus", "g1.json"),
            ("explore", "--corpus", "g1.json", "--budget", 3),
        ):
            done = fuzzgen(*arguments)
            assert (done.code, done.out) == (2, ""), done.err
            assert "there is no grammar" in done.err
            assert "root:" not in done.err
