"""The templates of one language, read and compiled once per process.

templates/<language>/
    system.j2  user.j2  inbox.j2        the frame of the conversation
    how_<protocol>.j2                   what the agent is told of how it works
    followup.j2  enclosure.j2           what is told apart from its message, in the protocol `dispersed`
    artifacts/<type>.j2                 a message or document: `Subject: …`, then its body
    brief/<type>.j2                     a line of the brief or a policy
    tasks/<task>.j2                     what the agent is asked to do
    parts/<name>.j2                     whatever templates share, by `part(name)`
    words.yaml  tools.yaml  answers.yaml
    <domain>/…                          the same again, for the grammar of that name alone

A domain's file stands in place of the common one of the same name; its words, tools and answers are laid over the common
ones, key by key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import yaml

from fuzzgen.errors import TemplateError, nearest
from fuzzgen.files import read_input
from fuzzgen.render.sandbox import Program, compile_template
from fuzzgen.render.values import View

__all__ = ["Language", "load_language"]

_SUFFIXES = {".j2", ".yaml"}
_KINDS = ("artifacts", "brief", "parts", "tasks")
MAX_VALUES = 50_000
MAX_FILE = 1_000_000  # bytes


@dataclass(frozen=True, eq=False)
class Language:
    """A language's templates and words for one domain. `version` is the hash of all their files.

    `sources` and `files` go by name: "artifacts/minutes.j2", and for YAML the layers, the common one first.
    """

    name: str
    folder: Path
    version: str
    sources: dict[str, str]
    files: dict[str, Path]
    layers: dict[str, tuple[Path, ...]]

    @cached_property
    def _programs(self) -> dict[str, Program]:
        """What has been compiled so far."""
        return {}

    def has(self, name: str) -> bool:
        """Whether there is a template of this name ("artifacts/minutes")."""
        return f"{name}.j2" in self.sources

    def program(self, name: str) -> Program:
        """The compiled template. Raises TemplateError where it is missing or not allowed."""
        programs = self._programs
        if name not in programs:
            if not self.has(name):
                home = name.rpartition("/")[0] + "/"
                known = [k.removesuffix(".j2") for k in self.sources if k.startswith(home) and k.endswith(".j2")]
                close = nearest(name, known)
                hint = f"; the nearest there is: {', '.join(close)}" if close else ""
                raise TemplateError(
                    f"there is no template {name!r} in {self.name!r}",
                    fix=f"write it{hint}",
                    file=self.folder / f"{name}.j2",
                )
            programs[name] = compile_template(self.sources[f"{name}.j2"], self.files[f"{name}.j2"])
        return programs[name]

    def _data(self, name: str) -> dict[str, object]:
        if name not in self.layers:
            raise TemplateError(
                f"{self.name!r} has no {name}", fix="write it; compare with templates/en", file=self.folder / name
            )
        merged: dict[str, object] = {}
        for file in self.layers[name]:
            try:
                merged = _laid_over(merged, _mapping(file))
            except RecursionError:
                raise TemplateError("nested too deep", fix="flatten it", file=file) from None
        return merged

    @cached_property
    def words(self) -> View:
        """words.yaml as records and tuples."""
        return view_of(self._data("words.yaml"), self.folder / "words.yaml")

    @cached_property
    def tools(self) -> dict[str, object]:
        """tools.yaml as it is."""
        return self._data("tools.yaml")

    @cached_property
    def answers(self) -> dict[str, str]:
        """answers.yaml as it is."""
        return {str(k): str(v) for k, v in self._data("answers.yaml").items()}

    def number(self, value: int) -> str:
        """A whole number with its thousands set apart as people of the language do (`numbers:` in words.yaml)."""
        return f"{value:,}".replace(",", str(self.word("numbers", "thousands")))

    def word(self, group: str, key: str) -> object:
        """What words.yaml says for a key of a group. Raises TemplateError where it says nothing."""
        words = self.words.get(group)
        value = words.get(key) if isinstance(words, View) else None
        if value is None:
            file = self.layers.get("words.yaml", (self.folder / "words.yaml",))[-1]
            raise TemplateError(f"no word for {key!r} under `{group}:`", fix="add it", file=file)
        return value


def _laid_over(below: dict[str, object], above: dict[str, object]) -> dict[str, object]:
    """Both mappings as one: where both have a mapping they are merged, else what lies above counts."""
    out = dict(below)
    for key, value in above.items():
        under = out.get(key)
        out[key] = _laid_over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return out


def _mapping(file: Path) -> dict[str, object]:
    try:
        data = yaml.load(read_input(file, TemplateError, most=MAX_FILE), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise TemplateError(
            f"not YAML: {getattr(error, 'problem', error)}", fix="mend it", file=file, line=line
        ) from None
    except (ValueError, LookupError, AttributeError, TypeError):  # PyYAML, of a tag whose value is not of its kind
        raise TemplateError("not YAML: a value that is not of its kind", fix="put it in quotes", file=file) from None
    except RecursionError:
        raise TemplateError("nested too deep", fix="flatten it", file=file) from None
    if not isinstance(data, dict):
        raise TemplateError("a mapping is expected", fix="compare with templates/en", file=file)
    return data


def view_of(data: dict[str, object], file: Path) -> View:
    """A mapping as a View, its mappings as Views and its lists as tuples. Aliases cannot make it grow beyond bounds."""
    left = MAX_VALUES

    def value(thing: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise TemplateError(f"more than {MAX_VALUES:,} values", fix="do not repeat by alias", file=file)
        if isinstance(thing, dict):
            return View({str(k): value(v) for k, v in thing.items()})
        if isinstance(thing, list):
            return tuple(value(v) for v in thing)
        return thing if isinstance(thing, (str, int)) else str(thing)

    try:
        made = value(data)
    except RecursionError:  # an alias within what it stands for
        raise TemplateError("nested too deep", fix="flatten it", file=file) from None
    assert isinstance(made, View)
    return made


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of each template and word list of a folder, those of domains below it left out."""
    homes = [folder, *(folder / kind for kind in _KINDS)]
    found = [p for home in homes if home.is_dir() for p in home.iterdir() if p.suffix in _SUFFIXES and p.is_file()]
    yield from sorted((p.relative_to(folder).as_posix(), p) for p in found)


@lru_cache(maxsize=64)
def load_language(templates: Path | tuple[Path, ...], name: str, domain: str = "") -> Language:
    """The templates of a language for a domain: its own over the common ones. Raises TemplateError where there are none.

    `templates` is a folder of languages, or several; the first one holds the common templates.
    """
    roots = templates if isinstance(templates, tuple) else (templates,)
    folder = roots[0] / name
    if not name.replace("_", "").replace("-", "").isalnum() or not folder.is_dir():
        there = sorted(p.name for p in roots[0].iterdir() if p.is_dir()) if roots[0].is_dir() else []
        raise TemplateError(
            f"there are no templates for the language {name!r} in {roots[0]}",
            fix=f"there is: {', '.join(there) or 'nothing'}",
        )
    folders = [folder]
    if domain.replace("_", "").replace("-", "").isalnum() and domain not in _KINDS:
        folders += [root / name / domain for root in roots if (root / name / domain).is_dir()]
    sources: dict[str, str] = {}
    files: dict[str, Path] = {}
    layers: dict[str, tuple[Path, ...]] = {}
    digest = hashlib.sha256()
    for home in folders:
        for key, path in _files(home):
            sources[key], files[key] = read_input(path, TemplateError, most=MAX_FILE), path
            if path.suffix == ".yaml":
                layers[key] = (*layers.get(key, ()), path)
            digest.update(f"{key}\0{len(sources[key])}\0{sources[key]}".encode())
    return Language(name, folders[-1], digest.hexdigest()[:16], sources, files, layers)
