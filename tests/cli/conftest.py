"""The command line, run in this process, and a database with findings in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "store"))

from command_line import HOSTILE, Done, Run
from run_events import whole_run

from fuzzgen.cli.main import main
from fuzzgen.scenario.events import EpisodeJudged
from fuzzgen.scenario.transcript import Message, ToolCall
from fuzzgen.store.ingest import Projector


@pytest.fixture
def fuzzgen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `fuzzgen ARGUMENTS` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "CLICOLOR_FORCE", "FUZZGEN_PATH"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["fuzzgen", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return Done(int(caught.value.code or 0), said.out, said.err)

    return run


@pytest.fixture(scope="session")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One finding, whose episode says what no terminal should obey."""
    path = tmp_path_factory.mktemp("cli") / "x.duckdb"
    events = whole_run()
    for i, event in enumerate(events):
        if isinstance(event, EpisodeJudged):
            call = ToolCall(id="1", name="send_email" + HOSTILE, arguments='{"body": "' + HOSTILE + '"}')
            said = Message(role="assistant", content="text " + HOSTILE, reasoning=HOSTILE, tool_calls=(call,))
            transcript = event.transcript.model_copy(update={"messages": (said,)})
            assessment = event.assessments[0]
            verdict = assessment.verdicts[0].model_copy(update={"explanation": HOSTILE})
            assessment = assessment.model_copy(update={"verdicts": (verdict,)})
            events[i] = event.model_copy(update={"transcript": transcript, "assessments": (assessment,)})
    Projector(path).ingest(events)
    return path
