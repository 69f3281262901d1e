"""A template from a stranger can neither reach out nor eat memory or time, and is told where it went wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzzgen.errors import TemplateError
from fuzzgen.render.sandbox import compile_template
from fuzzgen.render.values import Helper, View

FILE = Path("x.j2")


def run(source: str, **values: object) -> str:
    given_values: dict[str, object] = {
        "me": View({"name": "Ann"}),
        "items": ("p", "q", "r"),
        "helper": Helper(lambda *a: "h"),
        "_chosen": Helper(lambda site, count, branch: branch == count - 1),
        "_maybe": Helper(lambda site: True),
        "_more": Helper(lambda site: True),
        **values,
    }
    return compile_template(source, FILE).run(given_values)


BOMBS = {
    "repetition": "{{ 'a' * 10**9 }}",
    "list repetition": "{{ items * 10**9 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "shift by multiplication": "{% set x = 2 ** 200 %}{% set x = x * x %}{{ x }}",
    "center": "{{ 'a' | center(10**9) }}",
    "format width": "{{ '%1000000000d' % 1 }}",
    "format method": "{{ '{:>1000000000}'.format(1) }}",
    "range": "{% for i in range(10**9) %}x{% endfor %}",
    "nested loops": "{% for a in items %}" * 14 + "x" + "{% endfor %}" * 14,
    "doubling text": "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x + x %}" * 60 + "{{ x }}",
    "doubling block": "{% set x %}a{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40,
    "doubling lists": "{% set x = ['a'] %}" + "{% set x = [x, x] %}" * 60 + "{{ x == x }}",
    "tilde": "{% set x = 'a' ~ 'b' %}",
    "deep brackets": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "long sum": "{{ " + "1+" * 20_000 + "1 }}",
    "long number": "{{ " + "9" * 20_000 + " }}",
    "many nots": "{{ " + "not " * 12_000 + "1 }}",
    "long source": "x" * 100_000,
    "recursive loop": "{% for a in items recursive %}{{ loop(items) }}{% endfor %}",
    "macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "join": "{% for a in items %}{{ items | join('" + "x" * 20_000 + "') }}{% endfor %}",
    "much text": "{% for a in items %}{% for b in items %}{% for c in items %}"
    + "y" * 20_000
    + "{% endfor %}{% endfor %}{% endfor %}",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_quickly_in_an_error_with_its_place(bomb: str) -> None:
    start = time.perf_counter()
    with pytest.raises(TemplateError, match=r"x\.j2"):
        run(BOMBS[bomb])
    assert time.perf_counter() - start < 3


REACHES = [
    "{{ ''.__class__ }}", "{{ me.__class__ }}", "{{ me._fields }}", "{{ me['__class__'] }}", "{{ helper.__call__ }}",
    "{{ helper._function }}", "{{ me() }}", "{{ 'a'.upper() }}", "{{ items.index('p') }}", "{{ self }}",
    "{% include '/etc/passwd' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{{ cycler }}", "{{ lipsum() }}",
    "{{ namespace() }}", "{{ dict() }}", "{{ items | map('upper') | join }}", "{{ me | attr('name') }}",
    "{{ helper(*items) }}", "{{ helper(x=1) }}", "{{ _each(items, -5) }}", "{{ {'a': 1} }}", "{{ [me] }}",
]  # fmt: skip


@pytest.mark.parametrize("source", REACHES)
def test_nothing_beyond_names_filters_and_helpers_can_be_had(source: str) -> None:
    with pytest.raises(TemplateError):
        run(source)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("one\ntwo {{ nobody }}", 2),
        ("% one\na\n% or\nb {{ me.nothing }}\n% end\n", 4),
        ("a\n\n{% if %}", 3),
        ("a\n{% for x in items %}\n{{ x.y }}\n{% endfor %}", 3),
        ("a\nb\n{% maybe %}c{% or %}d{% end %}", 3),
    ],
)
def test_errors_name_the_line(source: str, line: int) -> None:
    with pytest.raises(TemplateError) as caught:
        run(source)
    assert caught.value.line == line
    assert caught.value.file == FILE
    assert caught.value.fix


@given(st.text(max_size=60))
@settings(max_examples=80, deadline=None)
def test_values_stay_literal_text(value: str) -> None:
    assert run("<{{ value }}>", value=value) == f"<{value}>"


def test_a_value_that_looks_like_a_template_is_not_run() -> None:
    assert run("{{ v }}", v="{{ 7 * 7 }}{% include 'x' %}") == "{{ 7 * 7 }}{% include 'x' %}"


def test_what_templates_are_for_works() -> None:
    assert run("{% for i in items %}{{ i | upper }}{{ loop.index }}{% endfor %} {{ 3 + 4 * 2 }}") == "P1Q2R3 11"
    assert run("{{ items | join(', ', ' and ') }} {{ items[0] }} {{ 'a' + 'b' }}") == "p, q and r p ab"
    assert run("{% one %}a{% or %}b{% or %}c{% end %}{% maybe %}d{% end %}{% more %}e{% end %}") == "cde"
    assert run("{% if 'p' in items and me.name is defined %}{{ me.name }}{% endif %}") == "Ann"
