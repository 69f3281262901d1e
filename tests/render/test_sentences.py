"""Sentences of texts, and texts without some of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzgen.grammar import Grammar, sample
from fuzzgen.render import render
from fuzzgen.render.sentences import less, mark, sentences
from fuzzgen.scenario.model import Artifact, Scenario

LETTER = """Dear Outi,

the meeting has been moved to Friday. Please bring the figures for the yard! Shall I book the room?
| Room 4.12, twelve chairs, one of them broken

Kind regards
Nasim

> the meeting has been moved to Friday."""


def test_greetings_names_and_quotations_are_no_sentences() -> None:
    assert list(sentences(LETTER)) == [
        "the meeting has been moved to Friday.",
        "Please bring the figures for the yard!",
        "Shall I book the room?",
        "| Room 4.12, twelve chairs, one of them broken",
    ]


def test_a_sentence_goes_and_the_rest_stays_as_it_was() -> None:
    shorter = less(LETTER, {mark("Please bring the figures for the yard!")})
    assert "the meeting has been moved to Friday. Shall I book the room?" in shorter
    assert shorter.startswith("Dear Outi,") and shorter.endswith("> the meeting has been moved to Friday.")


def test_what_is_quoted_stays() -> None:
    shorter = less(LETTER, {mark("the meeting has been moved to Friday.")})
    assert shorter.count("the meeting has been moved to Friday.") == 1


def test_chinese_sentences_end_without_a_space() -> None:
    text = "会议改到了星期五下午三点。请把仓库的数字也带来，谢谢！"
    first, second = sentences(text)
    assert less(text, {mark(first)}) == second


@given(st.text(alphabet="ab .!?\n>|-。，好", max_size=200), st.data())
def test_less_takes_out_just_those_asked_for(text: str, data: st.DataObject) -> None:
    found = list(dict.fromkeys(sentences(text)))
    gone = data.draw(st.sets(st.sampled_from(found))) if found else set()
    left = list(sentences(less(text, {mark(s) for s in gone})))
    assert [s for s in left if s in gone] == []
    assert set(left) == set(found) - gone
    assert less(text, ()) == text


@pytest.mark.parametrize("protocol", ["tools", "inbox", "dispersed"])
def test_a_cut_sentence_is_nowhere_in_the_rendering(grammar: Grammar, protocol: str) -> None:
    tried = 0
    for seed in range(12):
        scenario = sample(grammar, seed)
        for item in render(scenario, protocol).items:
            for sentence in list(sentences(item.body))[:1]:
                shorter = _less(scenario, item.artifact_id, sentence)
                bodies = [i.body for i in render(shorter, protocol).items if i.artifact_id == item.artifact_id]
                assert not any(sentence in list(sentences(body)) for body in bodies)
                assert shorter.scenario_id != scenario.scenario_id
                assert shorter.without(()) == shorter
                tried += 1
    assert tried > 50


def _less(scenario: Scenario, artifact_id: str, sentence: str) -> Scenario:
    artifacts = tuple(
        a.model_copy(update={"cut": (mark(sentence),)}) if isinstance(a, Artifact) and a.id == artifact_id else a
        for a in scenario.artifacts
    )
    return scenario.model_copy(update={"artifacts": artifacts})
