"""Other reducers, for comparison: each asks only "does this candidate still fire?" and believes the answer.

ddmin          delta debugging: chunks and complements, finer until single elements (Zeller and Hildebrandt 2002)
probdd         probabilistic delta debugging, then single deletions (Wang et al. 2021)
hypothesis     Hypothesis's own Shrinker on a mask of booleans, one for each element
greedy         single deletions until none fires: the plain loop, here with a k-of-n policy
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fuzzgen.minimize.problems import Candidate

__all__ = ["Ask", "ddmin", "greedy", "hypothesis_shrinker", "probdd"]

Ask = Callable[[Candidate], bool]


def ddmin(start: Candidate, fires: Ask) -> Candidate:
    """Tries each chunk's complement; on success goes on from there, else with chunks of half the size."""
    form, parts = start, 2
    while True:
        ids = form.elements()
        parts = min(parts, len(ids))
        size = -(-len(ids) // parts)
        for first in range(0, len(ids), size):
            smaller = form.without(ids[first : first + size])
            if smaller is not None and smaller != form and fires(smaller):
                form, parts = smaller, max(parts - 1, 2)
                break
        else:
            if size == 1:
                return form
            parts = min(2 * parts, len(ids))


def probdd(start: Candidate, fires: Ask, prior: float = 0.1) -> Candidate:
    """Cuts the group with the largest expected gain; a group that does not fire makes each of its elements dearer."""
    form, chance = start, dict.fromkeys(start.elements(), prior)
    while True:
        group, survives, gain = list[int](), 1.0, 0.0
        for element in sorted((e for e in form.elements() if chance[e] < 1), key=lambda e: (chance[e], e)):
            survives *= 1 - chance[element]
            if (len(group) + 1) * survives <= gain:
                break
            group.append(element)
            gain = len(group) * survives
        if not group:
            return greedy(form, fires)
        smaller = form.without(group)
        if smaller is not None and fires(smaller):
            form = smaller
            continue
        silent = 1.0
        for element in group:
            silent *= 1 - chance[element]
        for element in group:
            chance[element] = 1.0 if len(group) == 1 else min(1.0, chance[element] / (1 - silent))


def greedy(start: Candidate, fires: Ask) -> Candidate:
    """Deletes one element after another while the rest fires, and again until nothing more goes."""
    form, before = start, None
    while form != before:
        before = form
        for element in form.elements():
            smaller = form.without([element]) if element in form.kept else None
            if smaller is not None and fires(smaller):
                form = smaller
    return form


def hypothesis_shrinker(start: Candidate, fires: Ask) -> Candidate:
    """One boolean for each element; a simpler choice sequence has fewer of them true."""
    from hypothesis import settings
    from hypothesis.internal.conjecture.data import ConjectureData, Status
    from hypothesis.internal.conjecture.engine import ConjectureRunner
    from hypothesis.internal.escalation import InterestingOrigin

    ids = start.elements()

    def form_of(choices: tuple[object, ...]) -> Candidate | None:
        return start.without([e for e, kept in zip(ids, choices, strict=False) if not kept])

    def test(data: ConjectureData) -> None:
        form = form_of(tuple(data.draw_boolean(0.5) for _ in ids))
        if form is not None and (form == start or fires(form)):
            data.mark_interesting(origin)

    origin = InterestingOrigin(AssertionError, "", 0, (), ())  # there is one way to be interesting
    runner = ConjectureRunner(
        test,
        settings=settings(database=None, deadline=None, derandomize=True),
        random=Random(0),
        ignore_limits=True,
    )
    runner.cached_test_function((True,) * len(ids))
    shrunk = runner.shrink(runner.interesting_test_cases[origin], lambda data: data.status is Status.INTERESTING)
    return form_of(shrunk.choices) or start
