"""The constant texts of a Python file, read from its syntax tree. Nothing is executed or imported.

Understood are texts, names of texts, lists, tuples and dictionaries of them, `+`, and a comprehension over a literal list;
whatever else a file does is left alone, and so are names that rest on it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from fuzzgen.imports.files import refuse

__all__ = ["constants"]

MOST = 2_000_000  # characters of one value
Value = str | list["Value"] | dict[str, "Value"]


class _Unknown(Exception):
    """A value that is not constant."""


def constants(text: str, file: Path) -> dict[str, Value]:
    """The constants that a file's top level assigns, by name. Raises ScenarioError for what is not Python."""
    try:
        tree = ast.parse(text)
        names: dict[str, Value] = {}
        for node in tree.body:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    _assign(target, node.value, names)
    except SyntaxError as error:
        raise refuse(f"not Python: {error.msg}", "give an unchanged copy", file, error.lineno) from None
    except (RecursionError, MemoryError, ValueError):
        raise refuse("Python that is nested too deep or not text", "give an unchanged copy", file) from None
    return names


def _assign(target: ast.expr, source: ast.expr, names: dict[str, Value]) -> None:
    try:
        value = _value(source, names)
    except _Unknown:
        return
    names.update(_bound(target, value))


def _bound(target: ast.expr, value: Value) -> dict[str, Value]:
    match target:
        case ast.Name(id=name):
            return {name: value}
        case ast.Tuple(elts=parts) | ast.List(elts=parts) if isinstance(value, list) and len(parts) == len(value):
            out: dict[str, Value] = {}
            for part, item in zip(parts, value, strict=True):
                out |= _bound(part, item)
            return out
        case _:
            return {}


def _value(node: ast.expr, names: dict[str, Value]) -> Value:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part, names) for part in parts]
        case ast.Dict(keys=keys, values=values):
            return dict(_pairs(keys, values, names))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _sum(_value(left, names), _value(right, names))
        case ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=items, ifs=[])]):
            rows = _value(items, names)
            if not isinstance(rows, list):
                raise _Unknown
            return [_value(element, {**names, **_bound(target, row)}) for row in rows]
        case _:
            raise _Unknown


def _pairs(
    keys: Iterable[ast.expr | None], values: Iterable[ast.expr], names: dict[str, Value]
) -> Iterable[tuple[str, Value]]:
    for key, value in zip(keys, values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            raise _Unknown
        yield key.value, _value(value, names)


def _sum(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str) and len(left) + len(right) <= MOST:
        return left + right
    raise _Unknown
