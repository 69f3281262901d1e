from __future__ import annotations

from pathlib import Path

import pytest
from clone import make_clone


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """An experiment in the published layout."""
    return make_clone(tmp_path)
