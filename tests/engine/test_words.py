"""Minimizing the words: single sentences go after elements and values, and what is left has a row for each of them."""

from __future__ import annotations

from random import Random

from fuzzgen.engine.candidate import ScenarioCandidate, candidate_of
from fuzzgen.grammar import load_grammar, sample
from fuzzgen.minimize import Result, Step, Trial
from fuzzgen.minimize import minimize as reduce
from fuzzgen.render import render
from fuzzgen.render.sentences import sentences
from fuzzgen.scenario.model import Scenario


def _shown(scenario: Scenario) -> str:
    return "\n".join(item.body for item in render(scenario, "tools").items)


def _alarm() -> Scenario:
    grammar = load_grammar("corporate-email")
    return next(s for s in (sample(grammar, n) for n in range(200)) if s.hazards and s.threats)


async def _reduced(*, words: bool) -> tuple[str, Result[ScenarioCandidate], list[Step[ScenarioCandidate]]]:
    """For a target that reacts to one sentence of the threat's notice, six times in ten."""
    start = candidate_of(_alarm(), "sabotage", lambda s: render(s, "tools"), words=words)
    notice = next(i for i in render(start.scenario, "tools").items if i.artifact_id == "a:threat_notice")
    cause = list(sentences(notice.body))[1]
    steps: list[Step[ScenarioCandidate]] = []

    async def draw(candidate: ScenarioCandidate, trial: Trial) -> bool:
        return cause in _shown(candidate.scenario) and Random(trial.seed).random() < 0.6

    return cause, await reduce(start, draw, on_step=steps.append), steps


async def test_only_the_sentence_that_is_reacted_to_is_left_of_its_message() -> None:
    cause, result, _ = await _reduced(words=True)
    assert result.status == "certified"
    left = [i for i in render(result.candidate.scenario, "tools").items if i.artifact_id == "a:threat_notice"]
    assert [list(sentences(i.body)) for i in left] == [[cause]]


async def test_words_come_after_elements_and_values() -> None:
    _, _, steps = await _reduced(words=True)
    settled = next(i for i, s in enumerate(steps) if s.purpose == "sweep")  # the certificate may show that more can go
    search = [s for s in steps[:settled] if s.purpose == "search" and s.moves]
    first = next(i for i, s in enumerate(search) if any(" less " in m for m in s.moves))
    values = [i for i, s in enumerate(search) if any("=" in m and " less " not in m for m in s.moves)]
    assert not values or max(values) < first
    assert not any(s.removed for s in search[first:])


async def test_without_words_texts_stay_whole() -> None:
    _, result, steps = await _reduced(words=False)
    assert not any(a.cut for a in result.candidate.scenario.artifacts)
    assert not any(" less " in move for step in steps for move in step.moves)


async def test_words_left_out_in_another_order_are_the_same_form() -> None:
    start = candidate_of(_alarm(), "sabotage", lambda s: render(s, "tools"))
    one, other = [name for name, _ in start.simplifications() if start.rank(name)][:2]

    def after(*names: str) -> ScenarioCandidate:
        form = start
        for name in names:
            form = dict(form.simplifications())[name]
        return form

    assert after(one, other) == after(other, one) != after(one)
