"""Which grammars have names: those that ship, and one's own on `FUZZGEN_PATH`."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from fuzzgen.paths import data_dirs

__all__ = ["built_in", "is_abstract", "named_files"]


def built_in() -> dict[str, Path]:
    """Name -> file of the grammars that come with fuzzgen, and of one's own (`FUZZGEN_PATH`); bases left out."""
    return {name: path for name, path in named_files().items() if not is_abstract(path)}


def named_files() -> dict[str, Path]:
    """The same with the bases, which are there to be extended."""
    found = (path for folder in data_dirs("grammars") for path in sorted(folder.glob("*.yaml")))
    return {path.stem: path for path in found if path.is_file()}  # no pipe, no link to nothing


def is_abstract(path: Path) -> bool:
    """Whether a grammar file says that it is a base."""
    return _marked_abstract(path, path.stat().st_mtime_ns)


_ABSTRACT = re.compile(rb"^abstract: *true\b", re.MULTILINE)


@lru_cache(maxsize=256)
def _marked_abstract(path: Path, _changed: int) -> bool:
    with path.open("rb") as file:
        return _ABSTRACT.search(file.read(10_000)) is not None
