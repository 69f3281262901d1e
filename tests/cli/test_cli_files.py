"""No file that is named on the command line can hold a command up, fill the memory or end in a trace."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from command_line import Run

from fuzzgen.errors import GrammarError, InputError, ScenarioError
from fuzzgen.files import LARGEST, read_input
from fuzzgen.grammar import load_grammar, sample

pytestmark = pytest.mark.timeout(60)

# {f} is the file that is no plain one, {s} a scenario that is fine
READERS = [
    "explore --corpus {f} --budget 3",
    "explore --grammar {f} --budget 3",
    "minimize {f} --budget 3",
    "judge --scenario {f} --transcript {s}",
    "judge --scenario {s} --transcript {f}",
    "judge --calibration {f} --judge-model openai/none",
    "grammar sample --like {f}",
    "grammar coverage corporate-email --corpus {f}",
    "grammar check {f}",
    "grammar show {f}",
    "import jsonl {f}",
    "bench search --out {f} --trials 2",
]


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    file = tmp_path / "scenario.json"
    file.write_text(sample(load_grammar("corporate-email"), 1).canonical(), encoding="utf-8")
    return file


def _made(kind: str, path: Path) -> None:
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "link to a pipe":
            os.mkfifo(path.with_name("pipe"))
            path.symlink_to("pipe")
        case "device":
            path.symlink_to("/dev/zero")
        case "huge":
            with path.open("wb") as file:
                file.truncate(LARGEST + 1)
        case "bytes":
            path.write_bytes(b"{\n\xff")


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "device", "huge", "bytes"])
@pytest.mark.parametrize("line", READERS)
def test_what_is_no_plain_file_is_refused_in_one_sentence(
    line: str, kind: str, fuzzgen: Run, scenario: Path, tmp_path: Path
) -> None:
    file = tmp_path / ("f.yaml" if "grammar {f}" in line or "check {f}" in line or "show {f}" in line else "f.json")
    _made(kind, file)
    done = fuzzgen(*line.format(f=file, s=scenario).split())
    assert (done.code, done.out) == (2, ""), done.err
    said = [row for row in done.err.splitlines() if row.startswith("fuzzgen: ")]
    assert len(said) == 1
    assert str(file) in said[0] or str(file.resolve()) in said[0]
    assert said[0].endswith(")"), "the fix"
    says = {"huge": "is larger than", "bytes": "UTF-8"}.get(kind, "no regular file")
    assert says in said[0]


def test_a_refusal_is_of_the_kind_that_the_caller_names(tmp_path: Path) -> None:
    for kind in (InputError, GrammarError, ScenarioError):
        with pytest.raises(kind, match="cannot be read: No such file"):
            read_input(tmp_path / "gone", kind)
    with pytest.raises(InputError, match="no regular file"):
        read_input(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(InputError, match="no regular file"):
            read_input(tmp_path / "socket")
    (tmp_path / "ring").symlink_to("ring")
    with pytest.raises(InputError, match="cannot be read"):
        read_input(tmp_path / "ring")


def test_a_file_whose_size_is_not_told_is_bounded_too() -> None:
    with pytest.raises(InputError, match="larger than 10 bytes"):
        read_input(Path("/proc/self/status"), most=10)


def test_a_pipe_put_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = tmp_path / "plain"
    plain.write_text("x", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    status = plain.stat()
    monkeypatch.setattr(Path, "stat", lambda _path: status)
    with pytest.raises(InputError, match="no regular file"):
        read_input(tmp_path / "pipe")


def test_text_comes_without_what_editors_of_other_systems_add(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    assert read_input(tmp_path / "x") == "one\ntwo"
