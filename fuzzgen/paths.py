"""Where the data lives: what ships with fuzzgen (the same folders from a wheel, an editable install and a checkout), and
the folders of one's own that `FUZZGEN_PATH` names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

__all__ = ["data_dir", "data_dirs"]

Kind = Literal["grammars", "templates", "corpora"]


def data_dir(kind: Kind) -> Path:
    """The folder of grammars, templates or corpora that ships. In a wheel they lie in the package, else beside it."""
    package = Path(__file__).resolve().parent
    inside = package / "_data" / kind
    return inside if inside.is_dir() else package.parent / kind


def data_dirs(kind: Kind) -> tuple[Path, ...]:
    """The folder that ships, and the one of this kind below each folder of `FUZZGEN_PATH`, where there is one."""
    own = (Path(p) / kind for p in os.environ.get("FUZZGEN_PATH", "").split(os.pathsep) if p)
    return (data_dir(kind), *(p.resolve() for p in own if p.is_dir()))
