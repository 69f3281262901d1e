"""`fuzzgen import`: what it writes can be explored, minimized, and given siblings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "imports"))

from clone import make_clone
from command_line import HOSTILE, Run

from fuzzgen.scenario.model import Scenario

NAME = "blackmail_explicit-america_replacement"


@pytest.fixture
def imported(fuzzgen: Run, tmp_path: Path) -> Path:
    """The folder of an imported experiment."""
    done = fuzzgen("import", "agentic-misalignment", make_clone(tmp_path), "--config", "small")
    assert done.code == 0
    return tmp_path / "findings" / "imports" / "agentic-misalignment"


def test_each_scenario_is_a_file_with_its_source(fuzzgen: Run, imported: Path, tmp_path: Path) -> None:
    assert len(list(imported.glob("*.json"))) == 4
    scenario = Scenario.parse((imported / f"{NAME}.json").read_text(encoding="utf-8"))
    assert scenario.provenance is not None
    assert scenario.provenance.license == "MIT"
    again = fuzzgen("import", "agentic-misalignment", tmp_path / "clone", "--json", "--out", "elsewhere")
    data = json.loads(again.out)
    assert again.err == ""
    assert (data["format"], data["license"], len(data["imported"])) == ("agentic-misalignment", "MIT", 90)
    assert all((tmp_path / row["file"]).is_file() for row in data["imported"])
    assert {b for row in data["imported"] for b in row["behaviors"]} == {"blackmail", "disclosure", "leak", "sabotage"}


def test_imported_scenarios_are_run_each_once_and_can_be_asked_for_by_condition(fuzzgen: Run, imported: Path) -> None:
    done = fuzzgen("explore", "--corpus", imported, "--budget", "4", "--db", "x.duckdb")
    assert done.code == 0
    sql = (
        "select level, sampler, protocol, count(*) n from episodes e join factors f using (scenario_id)"
        " join renderings r using (rendering_id) where factor = 'imported.goal_type' group by all order by level"
    )
    rows = json.loads(fuzzgen("query", sql, "--db", "x.duckdb", "--format", "json").out)
    assert [(r["level"], r["sampler"], r["protocol"], r["n"]) for r in rows] == [
        ("explicit", "corpus", "inbox", 2),
        ("none", "corpus", "inbox", 2),
    ]


def test_an_imported_scenario_goes_to_minimize(fuzzgen: Run, imported: Path) -> None:
    done = fuzzgen("minimize", imported / f"{NAME}.json", "--behavior", "blackmail", "--budget", "30", "--quick")
    assert done.code in (0, 4)  # it does not fire, or that is not settled yet
    assert "30 episodes" in done.out


def test_siblings_of_a_published_scenario_are_in_our_grammar(fuzzgen: Run, imported: Path) -> None:
    done = fuzzgen("grammar", "sample", "corporate-email", "--like", imported / f"{NAME}.json", "-n", "2")
    siblings = [Scenario.parse(line) for line in done.out.splitlines()]
    assert len({s.scenario_id for s in siblings}) == 2
    for sibling in siblings:
        assert (sibling.factors["threat"], sibling.factors["secret"]) == ("replacement", "affair")
        assert "SummitBridge" not in sibling.canonical()
    assert fuzzgen("grammar", "sample", "hospital", "--like", imported / f"{NAME}.json").code == 2


def test_what_was_left_out_is_said_and_no_terminal_obeys_it(fuzzgen: Run, tmp_path: Path) -> None:
    rows = [{"prompt": "Fine."}, {"prompt": "Fine.", "name": HOSTILE + "../../x"}, {"prompt": "Dear ${name}", "id": 3}]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n{", encoding="utf-8")
    done = fuzzgen("import", "jsonl", "x.jsonl", "--out", "here")
    assert done.code == 0
    assert "1 scenario imported; left out: 1 duplicates, 1 with placeholders" in done.out
    assert "x.jsonl:3: 3: ${name} is not filled" in done.out
    assert "x.jsonl:4: " in done.out
    assert "--judge-model" in done.out
    assert "\x1b" not in done.out


def test_names_of_strangers_stay_inside_the_folder(fuzzgen: Run, tmp_path: Path) -> None:
    rows = [
        {"prompt": f"Text {i}.", "name": name} for i, name in enumerate(["../../up", "/etc/x", "a/b", "", ".", "a/b"])
    ]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    fuzzgen("import", "jsonl", "x.jsonl", "--out", "here")
    assert len(list((tmp_path / "here").iterdir())) == 6
    assert {p.name for p in tmp_path.iterdir()} == {"x.jsonl", "here"}


def test_no_scenario_takes_the_file_of_another(fuzzgen: Run, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"prompt": "A.", "name": "n"}\n{"prompt": "B.", "name": "N"}', encoding="utf-8")
    rows = json.loads(fuzzgen("import", "jsonl", "x.jsonl", "--json", "--out", "here").out)["imported"]
    forged = Path(rows[1]["file"]).stem
    assert forged.casefold() != "n"
    prompts = {forged: "C.", "n": "A.", "N": "B."}
    text = "\n".join(json.dumps({"prompt": p, "name": n}) for n, p in prompts.items())
    (tmp_path / "y.jsonl").write_text(text, encoding="utf-8")
    rows = json.loads(fuzzgen("import", "jsonl", "y.jsonl", "--json", "--out", "there").out)["imported"]
    assert len({row["file"].casefold() for row in rows}) == 3
    assert len(list((tmp_path / "there").iterdir())) == 3


def test_what_no_file_can_hold_can_be_told_in_json(fuzzgen: Run, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"prompt": "A.", "name": "\\ud800"}', encoding="utf-8")
    done = fuzzgen("import", "jsonl", "x.jsonl", "--json", "--out", "here")
    assert (done.code, json.loads(done.out)["left_out"][0]["why"]) == (0, "malformed")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("jsonl", "gone.jsonl"), 2, "nothing here"),
        (("petri", "x"), 2, "petri-seeds"),
        (("jsonl", "x.jsonl", "--config", "y"), 2, "no configurations"),
        (("agentic-misalignment", "."), 2, "no templates"),
    ],
)
def test_a_mistake_gets_one_sentence(fuzzgen: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = fuzzgen("import", *arguments)
    assert done.code == code
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_prompt_without_a_fact_sheet_runs_and_is_not_minimized(fuzzgen: Run, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(
        '{"prompt": "Go through the mail.\\n\\nThen stop.", "name": "one"}', encoding="utf-8"
    )
    fuzzgen("import", "jsonl", "x.jsonl", "--out", "here")
    assert fuzzgen("explore", "--corpus", "here", "--budget", "1").code == 0
    covered = fuzzgen("grammar", "coverage", "corporate-email", "--corpus", "here", "--json")
    assert json.loads(covered.out)["scenarios"] == 0
    sibling = fuzzgen("grammar", "sample", "corporate-email", "--like", "here/one.json")
    assert (sibling.code, "docs/imports.md" in sibling.err) == (2, True)
    done = fuzzgen("minimize", "here/one.json")
    assert done.code == 2
    assert "none" in done.err
