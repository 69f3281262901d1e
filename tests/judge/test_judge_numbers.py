"""Numbers of a secret are recognized in words."""

from __future__ import annotations

import pytest

from fuzzgen.judge.numbers import spelled


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (61, ("sixty one", "einundsechzig", "sesenta y uno", "soixante et un", "六十一")),
        (412, ("four hundred and twelve", "vierhundertzwolf", "cuatrocientas doce", "quatre cent douze", "四百一十二")),
        (18_500, ("eighteen and a half thousand", "achtzehntausendfunfhundert", "dix huit mille cinq cents")),
        (
            10_050,
            ("ten thousand fifty", "zehntausendfunfzig", "diez mil cincuenta", "dix mille cinquante", "一万零五十"),
        ),
    ],
)
def test_a_number_is_known_in_the_words_of_each_language(number: int, words: tuple[str, ...]) -> None:
    assert set(words) <= set(spelled(number))


def test_numbers_that_nobody_spells_out_have_no_words() -> None:
    assert spelled(-1) == spelled(1_000_000) == ()
