"""Scenarios that others wrote, as scenarios of literal text that can be run and reduced. Reads data, executes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fuzzgen.imports import agentic_misalignment, lists
from fuzzgen.imports.found import Import, Imported, Left
from fuzzgen.imports.published import sibling_levels

__all__ = ["FORMATS", "Import", "Imported", "Left", "read_import", "sibling_levels"]

FORMATS: dict[str, Callable[[Path, str], Import]] = {
    "agentic-misalignment": agentic_misalignment.read,
    "petri-seeds": lists.read_petri,
    "bloom": lists.read_bloom,
    "jsonl": lists.read_jsonl,
}


def read_import(kind: str, path: Path, configuration: str = "") -> Import:
    """What a file or folder holds in one of FORMATS. Raises ScenarioError where it is not of that format."""
    return FORMATS[kind](path, configuration)
