"""A scenario laid out over days: what is said where and when, and that it all follows from what is left of it."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from random import Random

from days import read_over_days

from fuzzgen.grammar import Grammar
from fuzzgen.lint.consistency import contradictions
from fuzzgen.render import render
from fuzzgen.render.office_items import MESSAGES
from fuzzgen.scenario.model import Artifact, Scenario
from fuzzgen.scenario.rendering import Hours, OfficeItem, Rendering

APART = {"a:threat_notice", "a:secret_direct", "a:secret_rumor", "a:secret_documented"}


def dispersed(scenario: Scenario) -> Rendering:
    return render(scenario, "dispersed")


def hours(rendering: Rendering) -> Hours:
    assert rendering.hours is not None
    return rendering.hours


def pieces(rendering: Rendering) -> dict[str, list[OfficeItem]]:
    out: dict[str, list[OfficeItem]] = {}
    for item in rendering.items:
        out.setdefault(item.artifact_id, []).append(item)
    return out


def told(items: list[OfficeItem]) -> list[tuple[str, str, str, datetime | None]]:
    return [(i.medium, i.title, i.body, i.arrives) for i in items]


def test_the_days_are_working_days_up_to_the_moment_at_which_other_protocols_begin(scenarios: list[Scenario]) -> None:
    for scenario in scenarios:
        days = hours(dispersed(scenario)).days
        assert len(days) == 3
        assert all(d.begins < d.ends and d.begins.date() == d.ends.date() and d.begins.weekday() < 5 for d in days)
        assert all(a.ends < b.begins for a, b in pairwise(days))
        assert days[-1].begins == scenario.now
        assert days[0].begins.date() <= min(a.sent_at for a in scenario.artifacts).date()


def test_nothing_that_is_dated_ahead_comes_before_the_last_day_ends(scenarios: list[Scenario]) -> None:
    seen = 0
    for scenario in scenarios:
        ends = hours(dispersed(scenario)).days[-1].ends
        for placed in (*scenario.threats, *scenario.pressures):
            for name in ("effective", "deadline", "until", "due"):
                if moment := placed.attributes.get(name):
                    assert datetime.fromisoformat(moment) >= ends
                    seen += 1
    assert seen > 20


def test_items_come_in_when_they_are_sent_and_all_are_there_on_the_last_day(scenarios: list[Scenario]) -> None:
    for scenario in scenarios:
        rendering = dispersed(scenario)
        arrivals = [i.arrives for i in rendering.items if i.arrives]
        assert len(arrivals) == len(rendering.items)
        assert arrivals == sorted(arrivals)
        assert arrivals[-1] <= hours(rendering).days[-1].begins
        for item in rendering.items:
            assert item.arrives is not None
            assert item.sent_at.endswith(f"{item.arrives:%Y-%m-%d %H:%M}")


def test_every_item_stems_from_an_artifact_and_only_some_are_told_in_pieces(scenarios: list[Scenario]) -> None:
    for scenario in scenarios:
        found = pieces(dispersed(scenario))
        assert found.keys() == {a.id for a in scenario.artifacts}
        assert {a for a, items in found.items() if len(items) > 1} == APART & found.keys()


def test_what_one_message_tells_elsewhere_is_in_several_places_here(scenarios: list[Scenario]) -> None:
    media: set[str] = set()
    for scenario in scenarios:
        whole = {i.artifact_id: i for i in render(scenario, "tools").items}
        for artifact_id, (first, *rest) in pieces(dispersed(scenario)).items():
            if not rest:
                assert first.body.count("\n| ") == whole[artifact_id].body.count("\n| ") or first.medium in MESSAGES
                continue
            assert len(first.body) < len(whole[artifact_id].body)
            assert "| " not in {line[:2] for line in first.body.splitlines()}
            for item in rest:
                media.add(item.medium)
                assert item.sender.partition(" <")[0] == first.sender.partition(" <")[0]
                assert item.thread == first.id
                if item.medium in MESSAGES:
                    assert item.title == f"Re: {first.title}"
                    assert item.recipients == first.recipients
                else:
                    assert f": {item.title}]" in first.body
                    assert item.recipients == ()
    assert media == {"email", "chat", "document", "ticket"}


def test_what_is_added_comes_later_and_mostly_on_another_day(scenarios: list[Scenario]) -> None:
    later = same = 0
    for scenario in scenarios:
        for first, *rest in pieces(dispersed(scenario)).values():
            for item in rest:
                assert first.arrives is not None and item.arrives is not None
                assert first.arrives <= item.arrives <= scenario.now
                if item.medium in MESSAGES:
                    later += first.arrives.date() < item.arrives.date()
                    same += first.arrives.date() == item.arrives.date()
    assert later > same > 0


def test_titles_of_scans_and_tickets_say_nothing_of_what_is_inside(scenarios: list[Scenario]) -> None:
    seen = 0
    for scenario in scenarios:
        particulars = [v for s in scenario.secrets for v in s.attributes.values() if v[:1].isupper() or v[:1].isdigit()]
        for item in dispersed(scenario).items:
            if item.artifact_id in APART and item.medium in ("document", "ticket"):
                seen += 1
                assert not [p for p in (*particulars, scenario.agent.name) if p in item.title]
    assert seen > 15


def test_without_an_artifact_all_its_pieces_are_gone_and_the_rest_reads_as_before(scenarios: list[Scenario]) -> None:
    rng = Random(4)
    for scenario in scenarios[:25]:
        before = pieces(dispersed(scenario))
        gone = rng.choice([a.id for a in scenario.artifacts])
        smaller = scenario.without([gone])
        assert smaller is not None
        after = pieces(dispersed(smaller))
        assert gone not in after
        answers = {a.id for a in scenario.artifacts if a.reply_to == gone}
        assert {k: told(v) for k, v in after.items() if k not in answers} == {
            k: told(before[k]) for k in after if k not in answers
        }
        assert hours(dispersed(smaller)) == hours(dispersed(scenario))


def test_whatever_is_left_still_renders(scenarios: list[Scenario]) -> None:
    rng = Random(9)
    for scenario in scenarios[:20]:
        smaller: Scenario | None = scenario
        while smaller is not None:
            read_over_days(smaller, dispersed(smaller))
            smaller = smaller.without(rng.sample(smaller.elements(), max(1, len(smaller.elements()) // 3)))


def test_all_that_there_is_can_be_looked_up(scenarios: list[Scenario]) -> None:
    for scenario in scenarios[:25]:
        rendering = dispersed(scenario)
        answers = "\n".join(read_over_days(scenario, rendering))
        assert [i.id for i in rendering.items if i.body not in answers] == []


def test_old_mail_and_mail_from_the_future_are_there_in_time(scenarios: list[Scenario]) -> None:
    scenario = next(s for s in scenarios if len(s.artifacts) > 6)
    moved = {
        scenario.artifacts[0].id: scenario.now.replace(year=scenario.now.year - 3),
        scenario.artifacts[1].id: scenario.now.replace(year=scenario.now.year + 3),
    }
    artifacts: tuple[Artifact, ...] = tuple(
        a.model_copy(update={"sent_at": moved.get(a.id, a.sent_at)}) for a in scenario.artifacts
    )
    rendering = dispersed(scenario.model_copy(update={"artifacts": artifacts}))
    answers = "\n".join(read_over_days(scenario, rendering))
    assert [i.id for i in rendering.items if i.body not in answers] == []


def test_scenarios_do_not_contradict_themselves(grammar: Grammar, scenarios: list[Scenario]) -> None:
    for scenario in scenarios[:20]:
        assert contradictions(grammar, scenario, "dispersed") == ()
