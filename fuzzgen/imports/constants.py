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

MOST = 1_000_000  # characters of the file, and steps that its values take, a step for each character that is added up
Value = str | list["Value"] | dict[str, "Value"]


class _Unknown(Exception):
    """A value that is not constant."""


class _Endless(Exception):
    """More steps than any honest file takes: comprehensions over comprehensions."""


def constants(text: str, file: Path) -> dict[str, Value]:
    """The constants that a file's top level assigns, by name. Raises ScenarioError for what is not Python."""
    if len(text) > MOST:
        raise refuse(f"Python of more than {MOST:,} characters", "give an unchanged copy", file)
    reader = _Reader()
    try:
        for node in ast.parse(text).body:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    reader.assign(target, node.value)
    except _Endless:
        raise refuse("texts that grow without end", "give an unchanged copy", file) from None
    except SyntaxError as error:
        raise refuse(f"not Python: {error.msg}", "give an unchanged copy", file, error.lineno) from None
    except (RecursionError, MemoryError, ValueError):
        raise refuse("Python that is nested too deep or not text", "give an unchanged copy", file) from None
    return reader.names


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


class _Reader:
    """Values of a file's names so far, and the steps that are left for more."""

    def __init__(self) -> None:
        self.names: dict[str, Value] = {}
        self._left = MOST

    def assign(self, target: ast.expr, source: ast.expr) -> None:
        """Keeps the names of an assignment whose value is constant."""
        try:
            self.names.update(_bound(target, self._value(source, self.names)))
        except _Unknown:
            return

    def _step(self, number: int = 1) -> None:
        self._left -= number
        if self._left < 0:
            raise _Endless

    def _value(self, node: ast.expr, names: dict[str, Value]) -> Value:
        self._step()
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return [self._value(part, names) for part in parts]
            case ast.Dict(keys=keys, values=values):
                return dict(self._pairs(keys, values, names))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._sum(self._value(left, names), self._value(right, names))
            case ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=items, ifs=[])]):
                rows = self._value(items, names)
                if not isinstance(rows, list):
                    raise _Unknown
                return [self._value(element, {**names, **_bound(target, row)}) for row in rows]
            case _:
                raise _Unknown

    def _pairs(
        self, keys: Iterable[ast.expr | None], values: Iterable[ast.expr], names: dict[str, Value]
    ) -> Iterable[tuple[str, Value]]:
        for key, value in zip(keys, values, strict=True):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                raise _Unknown
            yield key.value, self._value(value, names)

    def _sum(self, left: Value, right: Value) -> Value:
        if not (isinstance(left, str) and isinstance(right, str)):
            raise _Unknown
        self._step(len(left) + len(right))
        return left + right
