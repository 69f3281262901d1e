"""Retention: whether the trigger is still there, and the way back where it is not.

The search's tests are cheap, so now and then one lets a form through that does not fire, and everything after it is
built on sand. The present form is drawn afresh every few adoptions, and again at the head of each certificate.
"""

from __future__ import annotations

from fuzzgen.minimize.draws import Counts, Purpose
from fuzzgen.minimize.interface import C
from fuzzgen.minimize.rules import keep_test, search_test
from fuzzgen.minimize.state import State
from fuzzgen.minimize.walks import Probe, settle

__all__ = ["recover", "retain"]


async def retain(state: State[C]) -> None:
    """Draws the present form afresh, and goes back where the trigger was lost."""
    state.unretained = state.rejections = 0
    candidate = state.form.candidate
    test = search_test(state.rules, state.levels)
    stream = state.desk.stream(candidate, Purpose.RETENTION)
    probe = Probe(stream, test=test, missing_cap=state.rules.search_missing)
    await settle(state.desk, [probe])
    await state.note(
        "retention", candidate, probe.counts, test, "retained" if probe.accepted else "lost", probe.accepted
    )
    if probe.accepted:
        state.retained = probe.counts
        state.secure.append(len(state.trail) - 1)
    else:
        await recover(state, probe.counts)


async def recover(state: State[C], seen: Counts) -> bool:
    """Goes back to the last form of the path that fires; `seen` are the draws that showed that the present one does not.

    The step after it is held against what it removed. False where there is no way back: the present form is the start.
    """
    path, names = state.trail, state.names
    good, bad = max((s for s in state.secure if s < len(path) - 1), default=0), len(path) - 1
    if not bad:
        return False
    state.lost.add(path[bad])
    state.back_to(path, names, good)  # from here on the present form is one that has fired
    # A trigger that is gone altogether shows in a few draws, a rate just below the threshold does not.
    gone = search_test(state.rules, state.levels)
    test = gone if gone.decide(seen.hits, seen.valid) == "reject" else keep_test(state.levels)
    while bad - good > 1:
        middle = (good + bad) // 2
        probe = Probe(
            state.desk.stream(path[middle], Purpose.RETENTION, 1), test=test, missing_cap=state.rules.search_missing
        )
        await settle(state.desk, [probe])
        word = "still fires" if probe.accepted else "lost"
        await state.note("retention", path[middle], probe.counts, test, word, probe.accepted)
        if probe.accepted:
            good = middle
            state.back_to(path, names, good)
        else:
            bad = middle
            state.lost.add(path[bad])
    fires, silent, last = path[good], path[bad], path[-1]
    state.lost.update(path[bad:])
    blamed = frozenset(fires.elements()) - frozenset(silent.elements())
    state.wary |= blamed
    state.belief.forget(bad)
    if blamed:
        state.belief.failed(blamed, good)
    state.belief.harmless(frozenset(silent.elements()) - frozenset(last.elements()))
    undone = [name for step in names[bad:] for name in step]
    state.tried.difference_update(undone)
    if not blamed:
        state.halve(names[bad])
        if len(names[bad]) == 1:
            state.tried.update(names[bad])
    await state.note("retention", fires, Counts(), None, "went back", True, removed=sorted(blamed, key=repr))
    return True
