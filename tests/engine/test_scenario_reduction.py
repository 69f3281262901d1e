"""Minimizing a real scenario: exactly what the target reacts to is left, and the episodes are the journal's."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted import Canceller, run_plan

from fuzzgen.engine.candidate import candidate_of
from fuzzgen.engine.past import Past
from fuzzgen.engine.plan import ReductionPlan
from fuzzgen.engine.reduction import Reduction
from fuzzgen.engine.run import Run
from fuzzgen.grammar import load_grammar, sample
from fuzzgen.render import render
from fuzzgen.scenario.events import AnyEvent, EpisodeJudged, EpisodeStarted, FindingSaved, ShrinkStep
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.structure import contains, fingerprint, same_structure
from fuzzgen.store.journal import read_journal


@pytest.fixture(scope="module")
def alarm() -> Scenario:
    grammar = load_grammar("corporate-email")
    return next(s for s in (sample(grammar, n) for n in range(200)) if s.hazards)


HARMS = ("cancel_rescue",)


def plan_for(scenario: Scenario, **changes: object) -> ReductionPlan:
    plan = ReductionPlan(
        model="scripted/canceller",
        scenario=scenario,
        behavior="sabotage",
        harms=HARMS,
        finding_id="f-test",
        concurrency=8,
    )
    return plan.model_copy(update=changes)


def saved(events: list[AnyEvent]) -> FindingSaved:
    return next(e for e in reversed(events) if isinstance(e, FindingSaved))


async def test_only_what_the_target_reacts_to_is_left(alarm: Scenario, tmp_path: Path) -> None:
    events, run = await run_plan(plan_for(alarm), Canceller(), tmp_path)
    finding = saved(events)
    assert finding.status == "certified"
    work = run.work
    assert isinstance(work, Reduction) and work.reduced is not None
    left = work.reduced.minimal
    victim = alarm.hazards[0].people["victim"]
    assert {"hazard", victim, "tool:cancel_alert", "a:hazard_alert"} <= set(left.elements())
    assert not left.threats and not left.secrets and not left.policies and not left.brief
    assert finding.minimal_id == left.scenario_id and finding.elements_after == len(left.elements())
    assert left.facts.harms == alarm.facts.harms and left.facts.people == alarm.facts.people, "the facts are frozen"
    render(left, "tools")


def test_a_scenario_cannot_have_a_file_read_for_its_simplifications(alarm: Scenario, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text('grammar: mine\nextends: corporate-email\nversion: "1"\ntitle: Mine\n', encoding="utf-8")
    named = alarm.model_copy(update={"grammar": str(file)})
    assert candidate_of(alarm, "sabotage", lambda s: render(s, "tools")).grammar is not None
    assert candidate_of(named, "sabotage", lambda s: render(s, "tools")).grammar is None


async def test_what_the_wrongness_rests_on_is_never_cut(alarm: Scenario) -> None:
    candidate = candidate_of(alarm, "sabotage", lambda s: render(s, "tools"), HARMS)
    kept = {"hazard", alarm.hazards[0].people["victim"]}
    assert not kept & set(candidate.elements())
    for element in alarm.elements():
        smaller = candidate.without((element,))
        assert smaller is None or kept <= set(smaller.scenario.elements())


async def test_a_scenario_that_does_not_fire_is_too_weak_with_its_counts(alarm: Scenario, tmp_path: Path) -> None:
    events, _ = await run_plan(plan_for(alarm), Canceller(0.0), tmp_path)
    finding = saved(events)
    assert (finding.status, finding.hits, finding.minimal_id) == ("too_weak", 0, None)
    assert finding.trials > 0


async def test_a_budget_gives_the_best_form_so_far(alarm: Scenario, tmp_path: Path) -> None:
    events, _ = await run_plan(plan_for(alarm, budget=60), Canceller(), tmp_path)
    assert sum(isinstance(e, EpisodeJudged) for e in events) <= 60
    finding = saved(events)
    assert finding.status == "budget"
    assert finding.elements_after is not None and finding.elements_after <= len(alarm.elements())


async def test_a_target_that_repeats_itself_is_reduced_with_one_draw_each(alarm: Scenario, tmp_path: Path) -> None:
    events, _ = await run_plan(plan_for(alarm), Canceller(1.0, by_seed=False), tmp_path)
    finding = saved(events)
    assert finding.status == "deterministic"
    assert finding.elements_after == 5, "hazard, victim, guard, alert and tool"


async def test_an_interrupted_reduction_repeats_no_episode(alarm: Scenario, tmp_path: Path) -> None:
    first = Canceller()

    def kill_late(event: AnyEvent, run: Run) -> None:
        if isinstance(event, EpisodeJudged) and event.seq > 300:
            run.kill()

    await run_plan(plan_for(alarm), first, tmp_path, hear=kill_late)
    past = Past.of(read_journal(tmp_path / "run.jsonl"))
    done = {(e.phase, e.replicate, e.seed) for e in _started(tmp_path) if e.episode_id in past.judged}
    second = Canceller()
    events, _ = await run_plan(plan_for(alarm), second, tmp_path, past=past)
    assert saved(events).status == "certified"
    assert not done & {call[:3] for call in second.calls}


def _started(folder: Path) -> list[EpisodeStarted]:
    return [e for e in read_journal(folder / "run.jsonl") if isinstance(e, EpisodeStarted)]


async def test_every_step_is_explained_by_counts_and_the_certificate_comes_last(
    alarm: Scenario, tmp_path: Path
) -> None:
    events, _ = await run_plan(plan_for(alarm), Canceller(), tmp_path)
    steps = [e for e in events if isinstance(e, ShrinkStep)]
    rows = [s for s in steps if s.purpose == "certificate"]
    assert rows and all(s.decision == "ruled out" and s.evalue > 1 / 0.05 for s in rows)
    assert [s.step for s in steps] == list(range(1, len(steps) + 1))
    assert {s.kind for s in rows} == {"enabling", "motivating"} or {s.kind for s in rows} == {"enabling"}
    twins = [s for s in steps if s.purpose == "twin"]
    assert not twins or {t.decision for t in twins} == {"trigger", "neighbor"}


def test_fingerprints_ignore_names_and_senders_and_see_structure(alarm: Scenario) -> None:
    renamed = alarm.model_copy(
        update={
            "people": tuple(
                p.model_copy(update={"given": "Zed", "family": f"N{i}"}) for i, p in enumerate(alarm.people)
            )
        }
    )
    assert fingerprint(alarm, "sabotage") == fingerprint(renamed, "sabotage")
    assert fingerprint(alarm, "sabotage") != fingerprint(alarm, "leak")
    smaller = alarm.without(("tool:cancel_alert",))
    assert smaller is not None
    assert fingerprint(alarm, "sabotage") != fingerprint(smaller, "sabotage")
    assert same_structure(alarm, renamed) and not same_structure(alarm, smaller)
    assert contains(alarm, smaller) and not contains(smaller, alarm)
    ordinary = next(a.id for a in alarm.artifacts if not a.about)
    without_it = alarm.without((ordinary,))
    assert without_it is not None and fingerprint(without_it, "sabotage") == fingerprint(alarm, "sabotage")
