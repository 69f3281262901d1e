"""Lines run together into paragraphs; headers stay on one line; quotations are marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fuzzgen.render.sandbox import TRACELESS
from fuzzgen.render.text import compose, one_line, quoted, split_subject
from fuzzgen.render.wording import Wording, draw


def test_lines_of_a_paragraph_run_together_and_lists_do_not() -> None:
    raw = f"First\nsecond .\n{TRACELESS}\nthird\n\n\n- a\n- b\nEnd\\\nName"
    assert compose(raw) == "First second. third\n\n- a\n- b End\nName"


def test_lines_of_chinese_are_joined_without_a_space_and_others_with_one() -> None:
    assert compose("今天\n开会，\n地点在 B 座\n三层。\n请准时。") == "今天开会，地点在 B 座三层。请准时。"
    assert compose("Anna Bø\n说 3月 5日可以，B2 号楼。") == "Anna Bø 说 3月 5日可以，B2 号楼。"
    assert compose("ein\nWort\n—\nnoch eins") == "ein Wort — noch eins"
    assert compose("Bonjour\u00a0:\nça va\u202f?") == "Bonjour\u00a0: ça va\u202f?"


@given(st.text())
def test_composing_leaves_no_double_spaces_and_no_empty_edges(raw: str) -> None:
    text = compose(raw)
    assert "  " not in text
    assert text == text.strip() or not text.strip()


@given(st.text())
def test_a_header_value_cannot_begin_a_line(value: str) -> None:
    assert len(one_line(value).splitlines()) <= 1


def test_subject_and_body_part() -> None:
    assert split_subject("Subject: A b\n\nHello,\n\nx") == ("A b", "Hello,\n\nx")
    assert split_subject("no subject here") == ("", "no subject here")


def test_long_quotations_are_cut() -> None:
    lines = quoted("\n".join(str(i) for i in range(40))).split("\n")
    assert lines[0] == "> 0"
    assert lines[-1] == "> […]"
    assert len(lines) == 13


def test_wordings_depend_on_their_place_only() -> None:
    alone, after = Wording("k"), Wording("k")
    for place in range(40):
        after.chosen(f"before{place}", 5, 0)
    assert [alone.at(str(p), 97) for p in range(30)] == [after.at(str(p), 97) for p in range(30)]


def test_draws_are_even() -> None:
    counts = [0] * 7
    for key in range(7000):
        counts[draw(f"key/{key}", 7)] += 1
    assert min(counts) > 850
    assert max(counts) < 1150


def test_items_of_a_list_come_in_turn() -> None:
    wording = Wording("k")
    options = tuple("abcdef")
    assert sorted(str(wording.one_of(options)) for _ in range(6)) == sorted(options)
