"""What a reduction ends with, in every way that it can end."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from bags import Bag, Draws, alphabet, fires_with, reduce

import fuzzgen
from fuzzgen.errors import ProviderError, Stop, UsageError
from fuzzgen.minimize import Result, Rules, Step, Trial, minimize


@pytest.fixture(scope="module")
def certified() -> Result[Bag]:
    """A certified reduction of ten letters to three."""
    return reduce(alphabet(10), Draws(fires_with("bfh")))


def test_the_smallest_form_is_found_and_certified(certified: Result[Bag]) -> None:
    assert certified.status == "certified"
    assert certified.candidate.letters == frozenset("bfh")
    assert certified.unresolved == ()
    assert certified.certificate.check()
    assert {row.name for row in certified.certificate.rows} == {"b", "f", "h"}


def test_the_package_is_the_function_of_the_interface(certified: Result[Bag]) -> None:
    oracle = Draws(fires_with("bfh"))
    again = asyncio.run(fuzzgen.minimize(alphabet(10), oracle, delta=0.05, min_rate=0.1, concurrency=1, seed=0))
    assert again == certified


def test_what_a_needed_element_hangs_on_stays() -> None:
    bag = Bag(frozenset("abcdefgh"), needs=(("b", "a"), ("d", "c")))
    result = reduce(bag, Draws(fires_with("bf")))
    assert (result.status, result.candidate.letters) == ("certified", frozenset("abf"))
    removed = {row.name: set(row.removed) for row in result.certificate.rows}
    assert removed == {"a": {"a", "b"}, "b": {"b"}, "f": {"f"}}


def test_of_two_causes_one_is_enough() -> None:
    result = reduce(alphabet(8), Draws(lambda bag: 0.8 if bag.letters & {"c", "e"} else 0.02))
    assert result.candidate.letters in ({"c"}, {"e"})


def test_a_start_that_does_not_fire_is_too_weak_with_its_counts() -> None:
    result = reduce(alphabet(5), Draws(lambda _: 0.0))
    assert (result.status, result.hits, result.trials) == ("too_weak", 0, 96)
    assert "0 hits in 96 valid draws" in result.reason
    assert result.candidate == alphabet(5)
    assert result.threshold is None


def test_a_start_clearly_below_a_given_threshold_is_too_weak() -> None:
    result = reduce(alphabet(5), Draws(lambda _: 0.3, seed=3), threshold=0.9)
    assert (result.status, result.threshold) == ("too_weak", 0.9)
    assert result.hits >= 3


def test_an_oracle_that_never_answers_ends_at_its_cap_and_is_no_miss() -> None:
    async def silent(bag: Bag, trial: Trial) -> bool | None:
        return None

    result = reduce(alphabet(5), silent)
    assert (result.status, result.hits, result.trials, result.missing) == ("too_weak", 0, 0, 32)


@pytest.mark.parametrize("concurrency", [1, 16])
def test_draws_that_stop_coming_leave_moves_undecided(concurrency: int) -> None:
    """From the certificate on nothing is answered: every row ends at its cap, and no row is ruled out."""

    class Dying(Draws):
        async def __call__(self, bag: Bag, trial: Trial) -> bool | None:
            outcome = await super().__call__(bag, trial)
            return None if trial.phase == "certify" and bag.letters != frozenset("bfh") else outcome

    result = reduce(alphabet(10), Dying(fires_with("bfh")), concurrency=concurrency)
    assert result.status == "partial"
    assert set(result.unresolved) == {"b", "f", "h"}
    for row in result.certificate.rows:
        assert (row.verdict, row.claim.counts.missing) == ("undecided", Rules().missing_cap)


@pytest.mark.parametrize("error", [ProviderError("gone"), TimeoutError(), ConnectionError()])
def test_an_oracle_that_fails_gives_missing_draws(error: Exception) -> None:
    async def failing(bag: Bag, trial: Trial) -> bool | None:
        raise error

    result = reduce(alphabet(3), failing)
    assert (result.status, result.trials, result.missing) == ("too_weak", 0, 32)


def test_a_defect_of_the_oracle_goes_up() -> None:
    async def broken(bag: Bag, trial: Trial) -> bool | None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        reduce(alphabet(3), broken)


def test_quick_claims_nothing() -> None:
    result = reduce(alphabet(10), Draws(fires_with("bfh")), certify=False)
    assert (result.status, result.candidate.letters) == ("quick", frozenset("bfh"))
    assert result.certificate.rows == ()
    assert not result.certificate.check()
    assert not [o for o in result.evidence if o.phase == "certify"]
    assert result.trials >= 1, "its rate comes from draws that did not choose it"


@pytest.mark.parametrize("budget", [0, 1, 31, 40, 70, 100])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_spent_budget_gives_the_best_form_so_far(budget: int, concurrency: int) -> None:
    oracle = Draws(fires_with("bfh"))
    result = reduce(alphabet(20), oracle, budget=budget, concurrency=concurrency)
    assert result.status == "budget"
    assert result.calls == len(oracle.asked) == budget
    assert set("bfh") <= result.candidate.letters


@pytest.mark.parametrize("after", [5, 60, 100])
def test_stop_gives_the_best_form_so_far(after: int) -> None:
    class Clock(Draws):
        async def __call__(self, bag: Bag, trial: Trial) -> bool | None:
            if len(self.asked) >= after:
                raise Stop("time is up")
            return await super().__call__(bag, trial)

    result = reduce(alphabet(20), Clock(fires_with("bfh")), concurrency=4)
    assert (result.status, result.reason) == ("budget", "stopped: time is up")
    assert len(result.evidence) == after
    assert set("bfh") <= result.candidate.letters


def test_a_form_that_lost_the_trigger_is_not_the_best_so_far() -> None:
    """Cut off in the middle of the way back, the result is a form that has fired."""

    def rate(bag: Bag) -> float:
        return 0.8 if set("bfh") <= bag.letters else 0.25

    for budget in range(40, 400, 12):
        result = reduce(alphabet(20), Draws(rate, seed=5), budget=budget)
        lost = [s.candidate for s in result.certificate.steps if s.decision == "lost"]
        assert result.candidate not in lost


def test_a_simplification_that_matters_stays_and_one_that_does_not_goes() -> None:
    bag = Bag(frozenset("abcdef"), sizes=(("a", 1), ("b", 1), ("f", 1)))

    def rate(bag: Bag) -> float:
        return 0.8 if {"a", "b"} <= bag.letters and ("a", 1) in bag.sizes else 0.02

    result = reduce(bag, Draws(rate))
    assert result.status == "certified"
    assert result.candidate.letters == {"a", "b"}
    assert result.candidate.sizes == (("a", 1), ("b", 0))
    assert {row.name: row.element for row in result.certificate.rows} == {"a": "a", "b": "b", "a=0": None}


@pytest.mark.parametrize("concurrency", [1, 16])
def test_simplifications_that_lead_in_a_circle_end(concurrency: int) -> None:
    class Wheel(Bag):
        """Every value can be turned into any other: none is the simplest."""

        def without(self, ids: Iterable[str]) -> Wheel | None:
            left = Bag.without(self, ids)
            return Wheel(left.letters, left.needs, left.sizes) if left else None

        def simplifications(self) -> Iterator[tuple[str, Bag]]:
            for letter, size in self.sizes:
                for to in range(3):
                    if to != size:
                        sizes = tuple((x, to if x == letter else n) for x, n in self.sizes)
                        yield f"{letter}={to}", Wheel(self.letters, self.needs, sizes)

    start = Wheel(frozenset("abcd"), (), (("a", 0), ("b", 1)))
    result = reduce(start, Draws(fires_with("ab")), concurrency=concurrency)
    assert result.candidate.letters == {"a", "b"}
    assert result.status in ("certified", "partial")


def test_a_deterministic_oracle_is_asked_once_for_each_form() -> None:
    oracle = Draws(lambda bag: float(set("bfh") <= bag.letters), repeats=True)
    result = reduce(alphabet(12), oracle)
    assert (result.status, result.candidate.letters) == ("deterministic", frozenset("bfh"))
    bags = [bag for bag, _, _ in oracle.asked]
    assert len(bags) == len(set(bags))
    assert {row.verdict for row in result.certificate.rows} == {"ruled out"}
    assert result.threshold is None
    assert not result.certificate.check(), "no e-value is claimed"


def test_an_oracle_that_turns_out_deterministic_is_heeded() -> None:
    class Scripted(Draws):
        @property
        def deterministic(self) -> bool:
            return len(self.asked) >= 8

    oracle = Scripted(lambda bag: float(set("bf") <= bag.letters))
    result = reduce(alphabet(9), oracle)
    assert (result.status, result.candidate.letters) == ("deterministic", frozenset("bf"))
    after = [bag for bag, _, _ in oracle.asked[8:]]
    assert len(after) == len(set(after))
    assert alphabet(9) not in after, "what is known of the start is not asked again"


def test_a_deterministic_oracle_that_is_silent_is_too_weak() -> None:
    oracle = Draws(lambda _: 0.0, repeats=True)
    assert reduce(alphabet(4), oracle).status == "too_weak"


class _Drifting(Draws, ABC):
    """The model is changed after so many certifying draws of the minimal form."""

    fingerprint = "one"

    async def __call__(self, bag: Bag, trial: Trial) -> bool | None:
        seen = sum(b.letters == frozenset("bf") and phase == "certify" for b, phase, _ in self.asked)
        outcome = await super().__call__(bag, trial)
        return self.change(seen, outcome) if trial.phase == "certify" else outcome

    @abstractmethod
    def change(self, seen: int, outcome: bool | None) -> bool | None: ...


@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_provider_that_changes_its_fingerprint_leaves_a_partial_certificate(concurrency: int) -> None:
    class Swapped(_Drifting):
        def change(self, seen: int, outcome: bool | None) -> bool | None:
            self.fingerprint = "two" if seen > 8 else "one"
            return outcome

    result = reduce(alphabet(8), Swapped(fires_with("bf")), concurrency=concurrency)
    assert (result.status, result.reason) == ("partial", "the provider's fingerprint changed")
    assert not result.certificate.check()


def test_a_fingerprint_that_is_known_only_later_is_no_change() -> None:
    class Late(_Drifting):
        fingerprint: str | None = None

        def change(self, seen: int, outcome: bool | None) -> bool | None:
            self.fingerprint = "one"
            return outcome

    assert reduce(alphabet(8), Late(fires_with("bf"))).status == "certified"


def test_a_rate_that_moves_under_the_certificate_leaves_it_partial() -> None:
    class Softened(_Drifting):
        def change(self, seen: int, outcome: bool | None) -> bool | None:
            return outcome if seen < 14 else False

    oracle = Softened(fires_with("bf", high=1.0))
    result = reduce(alphabet(8), oracle, threshold=0.2, delta=1e-4, rules=replace(Rules(), pace=2))
    assert result.status == "partial"
    assert result.certificate.drift == "the form's own rate moved while its certificate was made"


def test_the_forms_own_draws_lie_between_those_of_its_rows() -> None:
    oracle = Draws(fires_with("bfh", high=0.5))
    reduce(alphabet(10), oracle)
    own = "".join(
        "f" if bag.letters == frozenset("bfh") else "r" for bag, phase, _ in oracle.asked if phase == "certify"
    )
    assert re.fullmatch(r"f+r+(f+r+)+f+", own), "before, between and after them"


def test_every_step_is_told_and_may_be_listened_to_asynchronously(certified: Result[Bag]) -> None:
    heard: list[Step[Bag]] = []

    async def listen(step: Step[Bag]) -> None:
        await asyncio.sleep(0)
        heard.append(step)

    result = reduce(alphabet(10), Draws(fires_with("bfh")), on_step=listen)
    assert tuple(heard) == result.certificate.steps == certified.certificate.steps
    assert [s.number for s in heard] == list(range(1, len(heard) + 1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"delta": 0},
        {"delta": 1.5},
        {"min_rate": 0},
        {"threshold": 1},
        {"background": -0.1},
        {"concurrency": 0},
        {"budget": -1},
    ],
)
def test_settings_that_mean_nothing_are_refused_with_a_fix(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))) as caught:
        asyncio.run(minimize(alphabet(3), Draws(lambda _: 1.0), **wrong))
    assert caught.value.fix
