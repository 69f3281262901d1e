"""A grammar file and what it `extends`, as one document: every value with the file and line that it comes from.

A child is laid over its base key by key. Mappings merge, whatever else the child gives (lists too) stands in place of
the base's, and `null` takes away what the base has. What the base has keeps its place in the order; new keys follow.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzzgen.errors import GrammarError
from fuzzgen.grammar.yaml_file import Node, read_yaml

__all__ = ["Place", "Places", "merged"]

Path_ = tuple[str | int, ...]
Place = tuple[Path, int]
Places = dict[Path_, Place]
MAX_BASES = 8


def merged(
    path: Path, find: Callable[[str, Place], Path], check: Callable[[Node, Places], None]
) -> tuple[dict[str, Any], Places]:
    """The whole document of a grammar file, bases laid under it, without `extends` and `abstract`.

    `find` gives the file of a base by the name that `extends` uses, `check` raises for a file that does not fit the
    schema. Raises GrammarError for a base that is not there, a cycle, or a `null` for something the base does not have.
    """
    files = [path.resolve()]
    layers: list[tuple[dict[str, Any], Places]] = []
    at = path
    while True:
        data, lines = read_yaml(at)
        places: Places = {key: (at, line) for key, line in lines.items()}
        check(data, places)
        assert isinstance(data, dict)
        layers.append((data, places))
        base = data.pop("extends", None)
        if base is None:
            break
        here = places[("extends",)]
        at = find(str(base), here)
        if at.resolve() in files:
            chain = " -> ".join(f.stem for f in [*files, at])
            raise GrammarError(f"{chain}: a grammar extends itself", fix="break the ring", file=here[0], line=here[1])
        if len(files) > MAX_BASES:
            raise GrammarError(f"more than {MAX_BASES} bases", fix="flatten them", file=here[0], line=here[1])
        files.append(at.resolve())
    whole, places = layers.pop()
    whole.pop("abstract", None)
    while layers:
        above, more = layers.pop()
        above.pop("abstract", None)
        whole = _laid_over(whole, above, (), places, more)
    return whole, places


def _laid_over(below: dict[str, Any], above: dict[str, Any], at: Path_, places: Places, more: Places) -> dict[str, Any]:
    out = dict(below)
    for key, value in above.items():
        here = (*at, key)
        if value is None:
            if key not in out:
                file, line = more[here]
                raise GrammarError(
                    f"{'.'.join(map(str, here))} is not in the base, so `null` takes nothing away",
                    fix="drop the line, or mend the name",
                    file=file,
                    line=line,
                )
            del out[key]
            _forget(places, here)
        elif isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = _laid_over(out[key], value, here, places, more)
            places[here] = more[here]
        else:
            out[key] = value
            _forget(places, here)
            places.update({k: v for k, v in more.items() if k[: len(here)] == here})
    return out


def _forget(places: Places, at: Path_) -> None:
    for key in [k for k in places if k[: len(at)] == at]:
        del places[key]
