"""What a refused grammar has to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fuzzgen
from fuzzgen.errors import GrammarError

Data = dict[str, Any]
Written = Callable[[Data | str], Path]


def refused(path: Path | str) -> GrammarError:
    with pytest.raises(GrammarError) as caught:
        fuzzgen.load_grammar(path)
    error = caught.value
    assert error.fix, error.message
    assert error.exit_code == 2
    assert "\n" not in str(error)
    return error


def line_of(path: Path, text: str) -> int:
    return next(i for i, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)
