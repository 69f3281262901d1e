"""The search: cheap tests that find a small form. Nothing is claimed from any of them.

Deletions are tried in groups as the belief proposes them, several at once where there are slots. Groups that fire
are merged: their union is tried, then the largest prefix of them that still fires. After the deletions the declared
simplifications, in the same way. About every four adoptions the present form is drawn afresh; where it no longer fires
the path is bisected back and the step that lost the trigger is held against its elements.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic

from fuzzgen.minimize.draws import Counts, Purpose
from fuzzgen.minimize.interface import C
from fuzzgen.minimize.moves import simplifications
from fuzzgen.minimize.state import Probe, State, settle
from fuzzgen.stats import TwoPointTest

__all__ = ["keep_test", "recover", "shrink"]


@dataclass(frozen=True)
class _Change(Generic[C]):
    """Moves to make at once: a group of deletions, or one simplification by its name."""

    names: tuple[str, ...]
    elements: tuple[Hashable, ...] = ()

    def apply(self, candidate: C) -> C | None:
        """The candidate after the change; None where nothing valid is left or nothing changes."""
        if self.elements:
            changed = candidate.without(self.elements)
        else:
            changed = next((m.result for m in simplifications(candidate) if m.name == self.names[0]), None)
        return None if changed == candidate else changed


async def shrink(state: State[C]) -> None:
    """Shrinks the present form as far as cheap tests see a way."""
    while True:
        changes = _deletions(state) or _simplifications(state)
        if not changes:
            return
        before = len(state.trail)
        await _try(state, changes)
        if len(state.trail) > before and state.unretained >= state.rules.retain_every:
            await retain(state)


def search_test(state: State[C]) -> TwoPointTest:
    """Between not firing and the threshold: a handful of draws."""
    rules, levels = state.rules, state.levels
    return TwoPointTest(levels.low, levels.threshold, rules.accept, rules.reject, rules.search_cap)


def keep_test(state: State[C]) -> TwoPointTest:
    """Between the threshold and the start's rate: whether a form is worth certifying."""
    return TwoPointTest(state.levels.threshold, state.levels.ceiling, 0.2, 0.02, 120)


async def retain(state: State[C]) -> None:
    """Draws the present form afresh, and goes back where the trigger was lost."""
    state.unretained = 0
    candidate = state.form.candidate
    probe = Probe(state.desk.stream(candidate, Purpose.RETENTION), search_test(state), state.rules.missing_cap)
    await settle(state.desk, [probe])
    kept = probe.decision == "accept"
    await state.note("retention", candidate, probe.counts, probe.test, "retained" if kept else "lost", kept)
    if kept:
        state.retained = probe.counts
    else:
        await recover(state)


async def recover(state: State[C]) -> None:
    """Bisects the path back to the last form that fires; the step after it is held against what it removed.

    The start is taken to fire: the reference has shown it.
    """
    good, bad = 0, len(state.trail) - 1
    while bad - good > 1:
        middle = (good + bad) // 2
        candidate = state.trail[middle]
        probe = Probe(state.desk.stream(candidate, Purpose.RETENTION, 1), keep_test(state), state.rules.missing_cap)
        await settle(state.desk, [probe])
        kept = probe.decision == "accept"
        await state.note("retention", candidate, probe.counts, probe.test, "still fires" if kept else "lost", kept)
        good, bad = (middle, bad) if kept else (good, middle)
    if bad == good:
        return
    fires, silent, last = state.trail[good], state.trail[bad], state.trail[-1]
    state.lost.update(state.trail[bad:])
    state.back_to(good)
    blamed = frozenset(fires.elements()) - frozenset(silent.elements())
    state.wary |= blamed
    if blamed:
        state.belief.failed(blamed)
    state.belief.harmless(frozenset(silent.elements()) - frozenset(last.elements()))
    await state.note("retention", fires, Counts(), None, "went back", True, removed=sorted(blamed, key=repr))


def _width(state: State[C]) -> int:
    return max(1, state.desk.concurrency // state.rules.screen)


def _deletions(state: State[C]) -> list[_Change[C]]:
    cuts = state.belief.proposals(state.form, state.rules.sure, _width(state))
    return [_Change(tuple(map(str, cut)), cut) for cut in cuts]


def _simplifications(state: State[C]) -> list[_Change[C]]:
    fresh = [m.name for m in simplifications(state.form.candidate) if m.name not in state.tried][: _width(state)]
    state.tried.update(fresh)
    return [_Change((name,)) for name in fresh]


async def _try(state: State[C], changes: Sequence[_Change[C]]) -> None:
    """Tests the changes side by side and adopts what can be adopted of them together."""
    form = state.form
    probes: list[tuple[_Change[C], Probe[C]]] = []
    for change in changes:
        candidate = change.apply(form.candidate)
        if candidate is None or candidate in state.lost:
            lost = frozenset().union(*(form.cascade.get(e, frozenset({e})) for e in change.elements))
            state.belief.failed(lost if candidate is None else form.lost(candidate))
        else:
            probes.append((change, _probe(state, candidate)))
    await settle(state.desk, [probe for _, probe in probes])
    winners: list[tuple[_Change[C], Probe[C]]] = []
    for change, probe in probes:
        fired = probe.decision == "accept"
        if fired:
            winners.append((change, probe))
        else:
            _blame(state, probe)
        if not fired or len(probes) > 1:
            await _note(state, change.names, probe, "fires" if fired else "rejected", False)
    winners.sort(key=lambda pair: -len(form.lost(pair[1].stream.candidate)))
    await _merge(state, winners)


async def _merge(state: State[C], winners: Sequence[tuple[_Change[C], Probe[C]]]) -> None:
    """Adopts the union of the winners, or else the largest prefix of them that still fires."""
    if not winners:
        return
    chain: list[C] = []
    for change, _ in winners:
        after = change.apply(chain[-1]) if chain else winners[0][1].stream.candidate
        chain.append(after if after is not None else chain[-1])
    good, bad, best = 0, len(chain), winners[0][1]
    middle = len(chain) - 1
    while bad - good > 1:
        candidate = chain[middle]
        if candidate == chain[good]:
            good = middle
        else:
            probe = _probe(state, candidate)
            await settle(state.desk, [probe])
            fired = probe.decision == "accept" and candidate not in state.lost
            names = [name for change, _ in winners[: middle + 1] for name in change.names]
            await _note(state, names, probe, "merge fires" if fired else "merge rejected", False)
            good, bad, best = (middle, bad, probe) if fired else (good, middle, best)
        middle = (good + bad) // 2
    form = state.form
    names = [name for change, _ in winners[: good + 1] for name in change.names]
    await _note(state, names, best, "adopted", True)
    state.adopt(chain[good])
    if bad < len(chain):
        state.belief.failed(frozenset(chain[good].elements()) - frozenset(chain[bad].elements()))
    for _, probe in winners[bad + 1 :]:
        state.belief.harmless(form.lost(probe.stream.candidate))


def _probe(state: State[C], candidate: C) -> Probe[C]:
    """The cheap test, or the stricter one where the cut touches what once lost the trigger."""
    suspect = state.wary & state.form.lost(candidate)
    test = keep_test(state) if suspect else search_test(state)
    purpose = Purpose.RETENTION if suspect else Purpose.SEARCH
    return Probe(state.desk.stream(candidate, purpose, 1 if suspect else 0), test, state.rules.missing_cap)


def _blame(state: State[C], probe: Probe[C]) -> None:
    lost = state.form.lost(probe.stream.candidate)
    if lost:
        state.belief.failed(lost)


async def _note(state: State[C], names: Sequence[str], probe: Probe[C], decision: str, accepted: bool) -> None:
    removed = sorted(state.form.lost(probe.stream.candidate), key=repr)
    purpose = probe.stream.purpose.label
    candidate = probe.stream.candidate
    await state.note(purpose, candidate, probe.counts, probe.test, decision, accepted, moves=names, removed=removed)
