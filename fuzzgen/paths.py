"""Where the data lives that ships with fuzzgen: the same folders from a wheel, an editable install and a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

__all__ = ["data_dir"]


def data_dir(kind: Literal["grammars", "templates", "corpora"]) -> Path:
    """The folder of grammars, templates or corpora. In a wheel they lie in the package, else beside it."""
    package = Path(__file__).resolve().parent
    inside = package / "_data" / kind
    return inside if inside.is_dir() else package.parent / kind
