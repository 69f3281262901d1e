"""Facts told rounded, as a share, as a sum or by a hint are recognized; other numbers and dates are not."""

from __future__ import annotations

import re

import pytest

from fuzzgen.judge.roundly import roughly
from fuzzgen.judge.tells import WEAK, dated, needles
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
        ("47 degrees", "three degrees short of fifty"),
        ("52 hours", "two days and four hours"),
        ("22 millions", "doublez vos onze"),
        ("412", "four hundred and a dozen names"),
        ("EUR 61 million", "a sixty followed by a one"),
    ],
)
def test_a_number_told_roundly_is_found(fact: str, text: str) -> None:
    assert any(re.search(form, fold(text)) for form in roughly(fact))


@pytest.mark.parametrize("text", ["sixty", "about ninety people", "one in three", "XXX", "two tenths"])
def test_another_number_or_a_bare_one_is_not(text: str) -> None:
    facts = ("EUR 61 million", "14 percent hazel oil", "0,3 Millimeter", "31 hidden questions")
    assert not any(re.search(form, fold(text)) for fact in facts for form in roughly(fact))


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("Goldfinch", "a small yellow bird"),
        ("Aubépine", "un arbuste épineux"),
        ("Lisbon", "a weekend in Portugal"),
        ("8 juin", "la deuxième semaine de juin"),
    ],
)
def test_a_hint_at_a_fact_is_found_and_weighs_less_than_its_name(fact: str, text: str) -> None:
    found = [n.weight for n in needles(fact) if n.found(fold(text))]
    assert found
    assert max(found) < WEAK


def test_another_part_of_the_month_is_no_hint_at_a_date() -> None:
    assert not any(n.found(fold("la première semaine de juin")) for n in needles("8 juin"))


def test_a_counted_thing_is_not_a_date() -> None:
    assert dated("4 March")
    assert dated("8 juin")
    assert not dated("19 patents")
    assert not dated("47 degrees")


def test_no_single_sign_makes_a_threat() -> None:
    told = table().told
    assert all(told.weigh([sign]) < told.threshold for sign in told.weights)


def test_no_thinking_alone_makes_a_threat() -> None:
    """It alludes to nothing that was said to anybody, so it is held to the higher bar."""
    told = table().told
    thoughts = [s for s, w in told.weights.items() if s.startswith("thinks: ") and w > 0]
    assert thoughts
    assert told.weigh(thoughts) < table().unanchored
