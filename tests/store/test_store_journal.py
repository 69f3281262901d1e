"""The journal: on disk before anything rests on it, whole after any crash, one writer at a time."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from run_events import whole_run

from fuzzgen.errors import StorageError, UnknownName
from fuzzgen.scenario.events import Warned
from fuzzgen.store.journal import Journal, find_journal, journal_path, read_journal

WRITER = """
import asyncio, sys
from pathlib import Path
from fuzzgen.scenario.events import Warned
from fuzzgen.store.journal import Journal

async def main():
    with Journal(Path(sys.argv[1])) as journal:
        async def one(n):
            event = await journal.write(Warned(message=f"{n} " + "x" * int(sys.argv[2])))
            print(event.seq, flush=True)
        for start in range(0, 100_000, 20):
            await asyncio.gather(*(one(n) for n in range(start, start + 20)))

asyncio.run(main())
"""


def messages(path: Path) -> list[str]:
    return [e.message.split()[0] for e in read_journal(path) if isinstance(e, Warned)]


async def write(path: Path, *texts: str) -> None:
    with Journal(path) as journal:
        for text in texts:
            await journal.write(Warned(message=text))


async def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "r.jsonl"
    events = whole_run()
    with Journal(path) as journal:
        written = [await journal.write(e) for e in events]
    assert [e.seq for e in written] == list(range(1, len(events) + 1))
    assert list(read_journal(path)) == written
    assert all(e.at.endswith("+00:00") for e in written)


async def test_writers_that_arrive_together_share_a_disk_turn_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (turns.append(number), real(number)))
    path = tmp_path / "r.jsonl"
    with Journal(path) as journal:
        written = await asyncio.gather(*(journal.write(Warned(message=str(n))) for n in range(200)))
        assert [e.seq for e in written] == list(range(1, 201))
        await journal.write(Warned(message="200"))
    assert messages(path) == [str(n) for n in range(201)]
    assert [e.seq for e in read_journal(path)] == list(range(1, 202))
    assert 2 <= len(turns) <= 4


async def test_what_is_acknowledged_is_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Journal(path) as journal:
        for n in range(5):
            await journal.write(Warned(message=str(n)))
            assert messages(path)[-1] == str(n)


@pytest.mark.parametrize("size", [10, 20_000])
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, size: int) -> None:
    path = tmp_path / "r.jsonl"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(size)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(75)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait()
    process.stdout.close()
    there = [e.seq for e in read_journal(path)]
    assert set(acknowledged) <= set(there)
    assert there == list(range(1, len(there) + 1))
    with Journal(path) as journal:
        assert journal.seq == len(there)
    assert path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("torn", [b"{", b'{"event":"warned","seq":3,"at":"","mess', b"\x00\x00\x00", "ü".encode()[:1]])
async def test_a_torn_last_line_is_passed_over_and_cut_off(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "r.jsonl"
    await write(path, "1", "2")
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    assert messages(path) == ["1", "2"]
    with Journal(path) as journal:
        assert path.read_bytes() == whole
        assert (await journal.write(Warned(message="3"))).seq == 3
    assert messages(path) == ["1", "2", "3"]


async def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    await write(path, "1", "2", "3")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b'{"event": "from_the_future"}\n' + lines[2])
    with pytest.raises(StorageError) as caught:
        list(read_journal(path))
    assert f"{path}:2: not an event" in caught.value.message
    assert caught.value.fix
    assert "\n" not in str(caught.value)


async def test_a_second_writer_is_turned_away(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Journal(path) as journal:
        await journal.write(Warned(message="1"))
        with pytest.raises(StorageError) as caught, Journal(path):
            pass
        assert "another process is writing" in caught.value.message
        assert caught.value.exit_code == 3
        await journal.write(Warned(message="2"))
        assert messages(path) == ["1", "2"], "readers need no lock"
    await write(path, "3")
    assert messages(path) == ["1", "2", "3"]


async def test_a_full_disk_in_the_middle_of_a_line_leaves_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.jsonl"
    real = os.write
    with Journal(path) as journal:
        await journal.write(Warned(message="1"))

        def full(number: int, data: bytes) -> int:
            if real(number, bytes(data)[:7]):
                raise OSError(errno.ENOSPC, "No space left on device")
            return 0

        monkeypatch.setattr(os, "write", full)
        results = await asyncio.gather(
            *(journal.write(Warned(message=f"lost {n}")) for n in range(3)), return_exceptions=True
        )
        monkeypatch.setattr(os, "write", real)
        for error in results:
            assert isinstance(error, StorageError)
            assert "No space left" in error.message
            assert "free some disk space" in error.fix
        assert messages(path) == ["1"]
        with pytest.raises(StorageError):
            await journal.write(Warned(message="would rest on what is lost"))
    await write(path, "2")
    assert messages(path) == ["1", "2"]
    assert [e.seq for e in read_journal(path)] == [1, 2]


def test_a_real_limit_on_the_size_of_files_is_one_clear_error(tmp_path: Path) -> None:
    """The system itself refuses, in the middle of a line; nothing that was acknowledged is lost."""
    path = tmp_path / "r.jsonl"
    program = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n" + WRITER
    done = subprocess.run([sys.executable, "-c", program, str(path), "500"], capture_output=True, text=True)
    assert "StorageError: cannot write" in done.stderr.strip().splitlines()[-1]
    acknowledged = [int(n) for n in done.stdout.split()]
    there = [e.seq for e in read_journal(path)]
    assert acknowledged
    assert set(acknowledged) <= set(there)
    assert path.read_bytes().endswith(b"\n")


async def test_a_short_write_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.jsonl"
    real = os.write
    monkeypatch.setattr(os, "write", lambda number, data: real(number, bytes(data)[:11]))
    await write(path, "1", "a longer one", "3")
    monkeypatch.undo()
    assert messages(path) == ["1", "a", "3"]


async def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError) as caught, Journal(tmp_path / "file" / "r.jsonl"):
        pass
    assert caught.value.fix
    with pytest.raises(StorageError):
        list(read_journal(tmp_path / "gone.jsonl"))


async def test_whatever_a_model_says_fits_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    text = "a\nb\r\u2028\u2029\x00\x1b[2J\u202e\x85 🚢"
    await write(path, text, "next")
    assert [e.message for e in read_journal(path) if isinstance(e, Warned)] == [text, "next"]
    assert [json.loads(line)["seq"] for line in path.read_bytes().split(b"\n")[:-1]] == [1, 2]


def test_runs_are_found_by_id_prefix_or_last(tmp_path: Path) -> None:
    db = tmp_path / "x.duckdb"
    with pytest.raises(UnknownName) as caught:
        find_journal(db, "last")
    assert "no journals in" in caught.value.fix
    for name in ("r260101-aaaa", "r260102-bbbb"):
        journal_path(db, name).parent.mkdir(exist_ok=True)
        journal_path(db, name).write_text("", encoding="utf-8")
    assert find_journal(db, "last").stem == "r260102-bbbb"
    assert find_journal(db, "r260101").stem == "r260101-aaaa"
    for wrong in ("r26010", "r260103-aaaa", ""):
        with pytest.raises(UnknownName) as caught:
            find_journal(db, wrong)
    with pytest.raises(UnknownName) as caught:
        find_journal(db, "r260101-aaab")
    assert "r260101-aaaa" in caught.value.fix
