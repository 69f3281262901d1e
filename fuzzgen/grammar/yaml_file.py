"""YAML from strangers: parsed safely, within caps, with the line of every value.

No tags, no aliases, no duplicate keys; size, depth and number of nodes are capped, so that no document can eat memory or
time. The lines make it possible for every later error to say where.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from fuzzgen.errors import GrammarError
from fuzzgen.files import read_input

__all__ = ["Lines", "Node", "read_yaml"]

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_NODES = 50_000

Node = None | bool | int | float | str | list["Node"] | dict[str, "Node"]
Lines = dict[tuple[str | int, ...], int]

_PLAIN = {
    "tag:yaml.org,2002:null",
    "tag:yaml.org,2002:bool",
    "tag:yaml.org,2002:int",
    "tag:yaml.org,2002:float",
    "tag:yaml.org,2002:str",
    "tag:yaml.org,2002:map",
    "tag:yaml.org,2002:seq",
}


def read_yaml(path: Path) -> tuple[Node, Lines]:
    """The document of a file, and the line (from 1) on which the value at each path stands. Raises GrammarError."""
    text = read_input(path, GrammarError, most=MAX_BYTES)
    _scan(text, path)
    lines: Lines = {}
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise _broken(error, path) from None
    if root is None:
        raise GrammarError("an empty file", fix="start with `grammar: NAME`", file=path)
    return _value(root, (), lines, path), lines


def _broken(error: yaml.YAMLError, path: Path) -> GrammarError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return GrammarError(
        f"not YAML: {problem}", fix="mend the syntax there", file=path, line=mark.line + 1 if mark else None
    )


def _scan(text: str, path: Path) -> None:
    """Refuses aliases, anchors and depth before anything is built from them."""
    depth = nodes = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else None
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise GrammarError("YAML anchors and aliases are not allowed", fix="write it out", file=path, line=line)
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                depth += 1
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                depth -= 1
            nodes += 1
            if depth > MAX_DEPTH:
                raise GrammarError(f"nested deeper than {MAX_DEPTH}", fix="flatten it", file=path, line=line)
            if nodes > MAX_NODES:
                raise GrammarError(f"more than {MAX_NODES:,} nodes", fix="split the grammar", file=path, line=line)
    except yaml.YAMLError as error:
        raise _broken(error, path) from None


def _value(node: yaml.Node, at: tuple[str | int, ...], lines: Lines, path: Path) -> Node:
    lines[at] = line = node.start_mark.line + 1
    if node.tag not in _PLAIN:
        raise GrammarError(f"the YAML tag {node.tag} is not allowed", fix="use plain values", file=path, line=line)
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag not in (*_PLAIN, "tag:yaml.org,2002:merge"):
                raise GrammarError("a key that is not a word", fix="use words as keys", file=path, line=line)
            key = str(key_node.value)
            if key in out:
                raise GrammarError(
                    f"the key {key!r} stands twice", fix="drop one", file=path, line=key_node.start_mark.line + 1
                )
            out[key] = _value(value_node, (*at, key), lines, path)
            lines[(*at, key)] = key_node.start_mark.line + 1
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*at, i), lines, path) for i, child in enumerate(node.value)]
    text = str(node.value)
    if node.tag == "tag:yaml.org,2002:null":
        return None
    if node.tag == "tag:yaml.org,2002:bool":
        return text.lower() in ("true", "yes", "on")
    if node.tag == "tag:yaml.org,2002:int":
        try:
            return int(text, 0)
        except ValueError:
            return text
    if node.tag == "tag:yaml.org,2002:float":
        try:
            return float(text.replace("_", ""))
        except ValueError:  # `.inf`, or `1:30.5`, which YAML 1.1 takes for a number in base 60
            return text
    return text
