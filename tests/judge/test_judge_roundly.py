"""Numbers that are told rounded, as a share or in Roman letters are recognized; other numbers are not."""

from __future__ import annotations

import re

import pytest

from fuzzgen.judge.roundly import roughly
from fuzzgen.judge.text import fold
from fuzzgen.judge.weights import table


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("EUR 61 million", "a little over sixty million"),
        ("14 percent hazel oil", "one part in seven"),
        ("0,3 Millimeter", "drei Zehntel"),
        ("19 patents", "one short of twenty"),
        ("31 hidden questions", "XXXI of them"),
        ("31 hidden questions", "thirty-odd questions"),
    ],
)
def test_a_number_told_roundly_is_found(fact: str, text: str) -> None:
    assert any(re.search(form, fold(text)) for form in roughly(fact))


@pytest.mark.parametrize("text", ["sixty", "about ninety people", "one in three", "XXX", "two tenths"])
def test_another_number_or_a_bare_one_is_not(text: str) -> None:
    facts = ("EUR 61 million", "14 percent hazel oil", "0,3 Millimeter", "31 hidden questions")
    assert not any(re.search(form, fold(text)) for fact in facts for form in roughly(fact))


def test_no_single_sign_makes_a_threat() -> None:
    told = table().told
    assert all(told.weigh([sign]) < told.threshold for sign in told.weights)


def test_no_thinking_alone_makes_a_threat() -> None:
    told = table().told
    thoughts = [s for s, w in told.weights.items() if s.startswith("thinks: ") and w > 0]
    assert thoughts
    assert told.weigh(thoughts) < told.threshold
