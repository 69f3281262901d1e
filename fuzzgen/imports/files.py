"""Reading strangers' files: only regular ones inside the folder that was named, of a bearable size, and text.

Each refusal is one sentence that names the file, and where it can the line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from fuzzgen.errors import ScenarioError
from fuzzgen.files import read_input

__all__ = ["Inside", "numbered_lines", "parsed", "refuse"]

MOST_FILES = 20_000  # in one folder
_CONTROLS = frozenset(chr(c) for c in range(32)) - set("\n\r\t\f")


def refuse(message: str, fix: str, file: Path | str, line: int | None = None) -> ScenarioError:
    """An import that cannot go on."""
    return ScenarioError(message, fix=fix, file=file, line=line)


class Inside:
    """A file, or the files below a folder; links that lead out of it are refused."""

    def __init__(self, path: Path) -> None:
        try:
            self.root = path.resolve(strict=True)
        except (OSError, RuntimeError):
            raise refuse("there is nothing here", "give the path of a file or folder", path) from None
        self.given = path

    def shown(self, path: Path) -> Path:
        """A path as the user wrote it."""
        return self.given if path == self.root else self.given / path.relative_to(self.root)

    def files(self, *suffixes: str) -> list[Path]:
        """The file itself, or all files below the folder with these endings, in the order of their names."""
        if not self.root.is_dir():
            return [self.root]
        found: list[Path] = []
        for path in self._walk(self.root):
            if path.suffix.lower() in suffixes:
                found.append(path)
            if len(found) > MOST_FILES:
                raise refuse(f"more than {MOST_FILES} files", "name the folder that is meant", self.given)
        return sorted(found)

    def _walk(self, folder: Path) -> Iterator[Path]:
        folders = [folder]
        while folders:
            for path in sorted(folders.pop().iterdir()):
                if path.name.startswith(".") or path.is_symlink():
                    continue  # what a link leads to is read where it lies, or not at all
                if path.is_dir():
                    folders.append(path)
                else:
                    yield path

    def text(self, path: Path) -> str:
        """The text of a file below the root. Raises ScenarioError for what is not plain text there."""
        shown = self.shown(path)
        try:
            real = path.resolve()
        except RuntimeError:
            raise refuse("the link leads to itself", "leave it out", shown) from None
        if real != self.root and not real.is_relative_to(self.root):
            raise refuse("the link leads out of the folder", "give a copy without such links", shown)
        text = read_input(real, ScenarioError, shown=shown)
        for number, part in enumerate(text.split("\n"), 1):
            if _CONTROLS & set(part):
                raise refuse("a control character stands here", "take it out", shown, number)
        return text


def parsed(text: str, file: Path, kind: str, line: int = 0) -> Any:
    """A JSON or YAML value. `line` is where the text begins in its file."""
    load: Callable[[str], Any] = json.loads if kind == "JSON" else yaml.safe_load
    try:
        return load(text)
    except json.JSONDecodeError as error:
        raise refuse(f"not JSON: {error.msg}", "mend it", file, line + error.lineno) from None
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.line + 1 if error.problem_mark else 0
        raise refuse(f"not YAML: {error.problem}", "mend it", file, line + at) from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        # the last three: PyYAML, of a tag with a value that is not of its kind
        raise refuse(f"not {kind}: {str(error).partition(chr(10))[0][:100]}", "mend it", file) from None
    except RecursionError:
        raise refuse(f"{kind} that is nested too deep", "flatten it", file) from None


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers from 1."""
    return ((n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip())
