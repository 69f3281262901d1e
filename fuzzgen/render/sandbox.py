"""Templates from strangers, run within bounds: no file, no code of ours, little memory, little time.

Jinja's own sandbox keeps templates from reaching Python's internals, but not from `'a' * 10**9`, `center(10**9)` or
loops in loops. Here a template is parsed, its tree is checked against an allow-list, and all that can grow is counted:

    source      at most MAX_SOURCE characters
    work        each pass through a loop and each part costs the nodes in it; at most MAX_WORK in one rendering
    text        at most MAX_OUTPUT characters out, MAX_TEXT in any value made by an operator or a filter
    values      names lead to `View`s (read-only records), tuples, texts and whole numbers; to call there are `Helper`s

Values are data: what looks like a template in one stays literal text. Beyond Jinja's own `if`, `for` and `set` there
are `one … or … end` (one of several wordings), `maybe … end` (a sentence that may be missing) and `more … end` (left
out where the short form is asked for).
A line that begins with `% ` is a statement and leaves no trace in the text.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2.environment import Template
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fuzzgen.errors import TemplateError
from fuzzgen.render.values import FILTERS, MAX_BITS, MAX_TEXT, TESTS, Helper, View, as_text, sized

__all__ = ["TRACELESS", "Name", "Program", "compile_template", "names_in"]

MAX_SOURCE = 60_000
MAX_OUTPUT = 200_000
MAX_WORK = 200_000
TRACELESS = "\x00"  # stands where a statement line stood; the text's composer takes it out with its line break

_STATEMENT = re.compile(r"^[ \t]*%[ \t](.*)$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*%#.*$", re.MULTILINE)
_WORDING = frozenset({"_chosen", "_maybe", "_more"})
_LOOP = frozenset({"index", "index0", "first", "last", "length"})


_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.Name, nodes.Const,
    nodes.Tuple, nodes.List, nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Filter, nodes.Test, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Add, nodes.Sub, nodes.Mul, nodes.Mod,
    nodes.Pow, nodes.FloorDiv, nodes.Neg,
)  # fmt: skip


class _Wordings(Extension):
    """`one … or … end`, `maybe … end`, `more … end`. Each place draws by its own number, whatever comes before it."""

    tags = {"one", "maybe", "more"}

    def parse(self, parser: Parser) -> nodes.Node:
        token = next(parser.stream)
        line = token.lineno
        if parser.stream.current.type != "block_end":
            parser.fail(f"`{token.value}` stands alone", line)
        next(parser.stream)
        bodies = []
        while True:
            bodies.append(parser.subparse(("name:or", "name:end")))
            word = next(parser.stream)
            if word.value == "end" or token.value != "one":
                break
            parser.stream.expect("block_end")
        if word.value != "end":
            parser.fail(f"`or` belongs to `one`, not to `{token.value}`", word.lineno)
        site = int(parser.free_identifier().name[2:])
        if token.value == "one":
            tests = [("_chosen", [site, len(bodies), k]) for k in range(len(bodies))]
        else:
            tests = [(f"_{token.value}", [site])]
        made: list[nodes.If] = []
        for (name, arguments), body in zip(tests, bodies, strict=True):
            call = nodes.Call(nodes.Name(name, "load"), [nodes.Const(a) for a in arguments], [], None, None)
            made.append(nodes.If(call, body, [], []))
        made[0].elif_ = made[1:]
        return made[0].set_lineno(line)


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "-", "*", "**", "%", "//", "/"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is View:
            fields = obj._fields
            return fields[attribute] if attribute in fields else self.undefined(f"there is no field {attribute!r} here")
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, Undefined):
            str(obj)
        raise SecurityError(f"there is no .{attribute} to be had from a {type(obj).__name__.lower()}")

    def getitem(self, obj: Any, argument: Any) -> Any:
        if type(obj) is View and isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        raise SecurityError(f"there is no item {str(argument)[:40]!r} to be had from a {type(obj).__name__.lower()}")

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - jinja2's signature
        if type(__obj) is Helper and not kwargs:
            return __obj._function(*args)
        if isinstance(__obj, Undefined):
            str(__obj)  # raises, naming what is undefined
        raise SecurityError(f"a {type(__obj).__name__.lower()} cannot be called")

    def is_safe_callable(self, obj: Any) -> bool:
        return type(obj) is Helper

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        whole = isinstance(left, int) and isinstance(right, int)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            if len(left) + len(right) > MAX_TEXT:
                raise SecurityError("a text grows too large")
            return left + right
        if not whole:
            raise SecurityError(f"`{operator}` takes whole numbers here")
        if operator == "**" and not (0 <= right <= MAX_BITS and abs(left) <= 1 << 16):
            raise SecurityError("a number grows too large")
        return sized(super().call_binop(context, operator, left, right))


def _environment() -> _Environment:
    env = _Environment(
        undefined=StrictUndefined, autoescape=False, extensions=[_Wordings], finalize=as_text, keep_trailing_newline=True,
        cache_size=0,
    )  # fmt: skip
    env.globals = {}
    env.filters = dict(FILTERS)
    env.tests = dict(TESTS)
    return env


_ENV = _environment()


def _size(node: nodes.Node) -> int:
    return 1 + sum(_size(child) for child in node.iter_child_nodes())


def _check(node: nodes.Node) -> None:
    """Raises where the tree holds what is not allowed; makes every loop count its passes."""
    if not isinstance(node, _ALLOWED):
        raise TemplateSyntaxError(f"{type(node).__name__.lower()} is not allowed in a template", node.lineno)
    for child in node.iter_child_nodes():
        _check(child)
    if isinstance(node, nodes.Name) and node.name.startswith("_") and node.name not in _WORDING:
        raise TemplateSyntaxError(f"the name {node.name!r} begins with an underscore", node.lineno)
    if isinstance(node, (nodes.List, nodes.Tuple)) and not all(isinstance(i, nodes.Const) for i in node.items):
        raise TemplateSyntaxError("a list in a template holds only constants", node.lineno)
    if isinstance(node, nodes.Call) and (node.dyn_args or node.dyn_kwargs or node.kwargs):
        raise TemplateSyntaxError("helpers take plain arguments, by position", node.lineno)
    if isinstance(node, nodes.Assign) and not isinstance(node.target, nodes.Name):
        raise TemplateSyntaxError("`set` takes one plain name", node.lineno)
    if isinstance(node, nodes.For):
        if node.recursive:
            raise TemplateSyntaxError("loops cannot be recursive", node.lineno)
        cost = nodes.Const(_size(node))
        node.iter = nodes.Call(nodes.Name("_each", "load"), [node.iter, cost], [], None, None, lineno=node.lineno)


class Program:
    """A compiled template. `run` gives its raw text (see text.py for what is made of it)."""

    def __init__(self, template: Template, file: Path, work: int) -> None:
        self._template, self.file, self.work = template, file, work

    def run(self, values: Mapping[str, object], spent: list[int] | None = None) -> str:
        """The text. `spent` counts work and characters over several programs of one rendering.

        Raises TemplateError with file and line.
        """
        spent = spent if spent is not None else [0, 0]

        def work(cost: int) -> None:
            spent[0] += cost
            if spent[0] > MAX_WORK:
                raise SecurityError("the template works too long")

        def each(values: object, cost: object) -> Iterator[object]:
            if not isinstance(values, (tuple, list)):
                raise SecurityError(f"a loop needs a list, not a {type(values).__name__.lower()}")
            assert isinstance(cost, int)
            for value in values:
                work(cost)
                yield value

        out: list[str] = []
        try:
            work(self.work)
            context = self._template.new_context({**values, "_each": Helper(each)})
            for piece in self._template.root_render_func(context):
                spent[1] += len(piece)
                if spent[1] > MAX_OUTPUT:
                    raise SecurityError("the template gives too much text")
                out.append(piece)
        except TemplateError:
            raise
        except (SecurityError, UndefinedError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            self._fail(error)
        except (RecursionError, MemoryError):
            raise TemplateError("the template is nested too deeply", fix="make it simpler", file=self.file) from None
        return "".join(out)

    def _fail(self, error: Exception) -> NoReturn:
        line, trace = None, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals.get("__jinja_template__") is self._template:
                line = self._template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        if line is None:
            for frame in _frames(error):
                if frame.f_code.co_filename == str(self.file):
                    line = self._template.get_corresponding_lineno(frame.f_lineno)
        fix = "templates have only the names, filters and helpers that they are given"
        raise TemplateError(str(error)[:300], fix=fix, file=self.file, line=line) from None


def _frames(error: Exception) -> Iterator[Any]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


@dataclass(frozen=True)
class Name:
    """A name that a template uses and does not set itself, and the first field asked of it ("" for none)."""

    name: str
    field: str
    line: int


def names_in(source: str, file: Path) -> tuple[Name, ...]:
    """The names a template's source uses, helpers included. Raises TemplateError where it is not a template."""
    with _mending(file):
        tree = _tree(source, file)
        own = {n.name for n in tree.find_all(nodes.Name) if n.ctx in ("store", "param")} | {"loop"} | _WORDING
        fields = {id(n.node): n.attr for n in tree.find_all(nodes.Getattr)}
        return tuple(
            Name(n.name, fields.get(id(n), ""), n.lineno)
            for n in tree.find_all(nodes.Name)
            if n.ctx == "load" and n.name not in own
        )


@contextlib.contextmanager
def _mending(file: Path) -> Iterator[None]:
    """Turns whatever a template's source can make Jinja raise into a TemplateError."""
    try:
        yield
    except TemplateSyntaxError as error:
        raise TemplateError(str(error.message)[:300], fix="mend the template", file=file, line=error.lineno) from None
    except (RecursionError, MemoryError):
        raise TemplateError("the template is nested too deeply", fix="make it simpler", file=file, line=1) from None
    except (SyntaxError, ValueError, ArithmeticError, SecurityError) as error:
        raise TemplateError(str(error)[:300], fix="mend the template", file=file, line=1) from None


def _tree(source: str, file: Path) -> nodes.Template:
    if len(source) > MAX_SOURCE:
        raise TemplateError(
            f"a template of {len(source):,} characters", fix=f"at most {MAX_SOURCE:,} are read", file=file, line=1
        )
    source = _COMMENT.sub(TRACELESS, source.replace(TRACELESS, ""))
    source = _STATEMENT.sub(lambda m: "{% " + m[1].strip(" \t") + " %}" + TRACELESS, source)
    return _ENV.parse(source, name=file.name, filename=str(file))


def compile_template(source: str, file: Path) -> Program:
    """A program from a template's source. Raises TemplateError with file and line."""
    with _mending(file):
        tree = _tree(source, file)
        _check(tree)
        code = _ENV.compile(tree, name=file.name, filename=str(file))
        return Program(Template.from_code(_ENV, code, {}), file, _size(tree))
