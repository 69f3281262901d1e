"""The parts of the search: what it believes, how it tests, how it goes back."""

from __future__ import annotations

from bags import Bag, Draws, alphabet, fires_with, reduce
from hypothesis import given
from hypothesis import strategies as st

from fuzzgen.minimize import Trial
from fuzzgen.minimize.belief import Belief
from fuzzgen.minimize.draws import Counts, Desk, Purpose
from fuzzgen.minimize.moves import form_of
from fuzzgen.minimize.walks import Probe
from fuzzgen.stats import TwoPointTest

letters = st.sampled_from("abcdefghij")
cuts = st.lists(st.frozensets(letters, min_size=1, max_size=6), max_size=8)


@given(cuts, st.integers(1, 5))
def test_what_was_rejected_is_not_proposed_again(rejected: list[frozenset[str]], width: int) -> None:
    form, belief = form_of(alphabet(10)), Belief(0.1)
    for cut in rejected:
        belief.failed(cut, 0)
    proposals = belief.proposals(form, 0.85, width)
    for cut in proposals:
        assert not any(lost <= set(cut) for lost in rejected)
    assert len({e for cut in proposals for e in cut}) == sum(map(len, proposals)), "proposals are disjoint"
    assert len(proposals) <= width


@given(st.sets(letters, min_size=1), st.integers(1, 4))
def test_proposals_end_with_the_core_where_tests_do_not_err(core: set[str], width: int) -> None:
    bag, belief, rounds = alphabet(10), Belief(0.1), 0
    while proposals := belief.proposals(form_of(bag), 0.85, width):
        rounds += 1
        assert rounds < 200
        for cut in proposals:
            smaller = bag.without(cut)
            if smaller is not None and core <= smaller.letters:
                bag = smaller
                belief.contradicted(frozenset(cut))
            else:
                belief.failed(cut, 0)
    assert core <= bag.letters
    needed = belief.needed(bag.elements())
    assert len(bag.letters) == 1 or all(needed[e] > 0.8 for e in bag.letters), "whatever is left is probably needed"


def test_the_blame_falls_on_what_is_left_of_a_rejected_cut() -> None:
    belief = Belief(0.1)
    belief.failed("abc", 0)
    assert 0.3 < belief.needed("abcd")["a"] < 0.5
    assert belief.needed("abcd")["d"] == 0.1
    assert belief.needed("ad")["a"] == 1.0


def test_what_was_learned_on_a_form_that_does_not_fire_is_forgotten() -> None:
    belief = Belief(0.1)
    belief.failed("ab", 1)
    belief.failed("c", 4)
    belief.forget(4)
    assert belief.needed("abc")["c"] == 0.1
    assert belief.needed("abc")["a"] > 0.5


@given(st.lists(st.sampled_from([True, False, None]), max_size=60))
def test_a_probe_stops_at_its_first_decision_and_is_not_open_for_ever(outcomes: list[bool | None]) -> None:
    desk: Desk[Bag] = Desk(Draws(lambda _: 0.5))
    stream = desk.stream(alphabet(3), Purpose.SEARCH)
    probe = Probe(stream, test=TwoPointTest(0.1, 0.4, cap=30), missing_cap=8)
    seen = Counts()
    for index, outcome in enumerate(outcomes):
        stream.receive(index, outcome)
        probe.update()
        if probe.decision == "open":
            seen = seen.plus(outcome)
            assert probe.counts == seen
            fewest = probe.batch(0)
            for best in (True, False):  # fewer than `fewest` cannot decide, whatever they are
                more = [best] * (fewest - 1)
                assert probe.test.decide(seen.hits + sum(more), seen.valid + len(more)) == "open"
    assert probe.decision != "open" or seen.valid < 30
    assert probe.decision != "open" or seen.missing < 8 or seen.missing < seen.valid


def test_a_lost_trigger_is_found_again() -> None:
    """The search is made to believe in a form that does not fire: retention notices, and it comes back."""

    class Lying(Draws):
        async def __call__(self, bag: Bag, trial: Trial) -> bool | None:
            outcome = await super().__call__(bag, trial)
            lied = "b" not in bag.letters and 101_000 <= trial.replicate < 102_000
            return True if lied else outcome

    result = reduce(alphabet(14), Lying(fires_with("bfh")))
    decisions = [s.decision for s in result.certificate.steps]
    assert "lost" in decisions
    assert "went back" in decisions
    assert (result.status, result.candidate.letters) == ("certified", frozenset("bfh"))


def test_no_form_that_lost_the_trigger_is_adopted_again() -> None:
    for seed in range(8):
        result = reduce(alphabet(12), Draws(fires_with("bfh", 0.45, 0.15), seed))
        lost: set[Bag] = set()
        for step in result.certificate.steps:
            if step.decision == "lost":
                lost.add(step.candidate)
            assert not (step.decision == "adopted" and step.candidate in lost)


def test_a_cascade_is_one_cut_and_the_one_it_hangs_on_is_not_tested_alone() -> None:
    bag = Bag(frozenset("abcd"), needs=(("b", "a"),))
    belief = Belief(0.1)
    belief.failed("b", 0)
    proposed = {e for cut in belief.proposals(form_of(bag), 0.85, 4) for e in cut}
    assert proposed == {"c", "d"}, "without a there would be no b, which is needed"


def test_independent_cuts_are_merged_when_many_are_in_flight() -> None:
    result = reduce(alphabet(20), Draws(fires_with("ab", 0.9)), concurrency=64)
    assert any(s.decision == "merge fires" for s in result.certificate.steps)
    assert result.rounds < result.calls / 8
    assert result.candidate.letters == {"a", "b"}
