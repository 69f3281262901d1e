"""The search: cheap tests that find a small form. Nothing is claimed from any of them.

Deletions are tried in groups as the belief proposes them, several at once where there are slots. Groups that fire
are merged: their union is tried, then the largest prefix of them that still fires. After the deletions come the declared
simplifications, rank by rank: all at once, then half of them, and so on. About every five adoptions the present form is
drawn afresh; where it no longer fires the path is bisected back (retention.py).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic

from fuzzgen.minimize.draws import Purpose
from fuzzgen.minimize.interface import C
from fuzzgen.minimize.moves import simplifications
from fuzzgen.minimize.retention import retain
from fuzzgen.minimize.rules import keep_test, search_test
from fuzzgen.minimize.state import State
from fuzzgen.minimize.walks import Probe, settle

__all__ = ["shrink"]


@dataclass(frozen=True)
class _Change(Generic[C]):
    """Moves to make at once: a group of deletions, or of simplifications by their names."""

    names: tuple[str, ...]
    elements: tuple[Hashable, ...] = ()

    def apply(self, candidate: C) -> C | None:
        """The candidate after the change; None where nothing valid is left or nothing changes."""
        if self.elements:
            smaller = candidate.without(self.elements)
            return None if smaller == candidate else smaller
        changed = candidate
        for name in self.names:  # one that is not offered any more after those before it is left out
            changed = next((m.result for m in simplifications(changed) if m.name == name), changed)
        return None if changed == candidate else changed


async def shrink(state: State[C]) -> None:
    """Shrinks the present form as far as cheap tests see a way.

    Ends: a rejected cut is never proposed again, a rejected simplification only after another one of its name went
    through, and no form is returned to.
    """
    while True:
        changes = _deletions(state) or _simplifications(state)
        if not changes:
            return
        await _try(state, changes)
        # Nothing fires any more where the trigger is gone, so a run of rejections is a reason to look, too.
        doubtful = state.unretained and state.rejections >= state.rules.retain_after
        if doubtful or (not state.rejections and state.unretained >= state.rules.retain_every):
            await retain(state)


def _width(state: State[C]) -> int:
    return max(1, state.desk.concurrency // state.rules.screen)


def _deletions(state: State[C]) -> list[_Change[C]]:
    cuts = state.belief.proposals(state.form, state.rules.sure, _width(state))
    return [_Change(tuple(map(str, cut)), cut) for cut in cuts]


def _simplifications(state: State[C]) -> list[_Change[C]]:
    """Those of the lowest rank that are left, in groups of the present size."""
    names = [m.name for m in state.simplifications() if m.name not in state.tried]
    if not names:
        return []
    rank = min(state.rank([name]) for name in names)
    names = [name for name in names if state.rank([name]) == rank]
    size = min(state.group.get(rank, len(names)), len(names))
    groups = [tuple(names[i : i + size]) for i in range(0, len(names), max(size, 1))]
    return [_Change(group) for group in groups[: _width(state)]]


async def _try(state: State[C], changes: Sequence[_Change[C]]) -> None:
    """Tests the changes side by side and adopts what can be adopted of them together."""
    probes: list[tuple[_Change[C], Probe[C]]] = []
    for change in changes:
        candidate = change.apply(state.form.candidate)
        if candidate is None or state.known(candidate):
            _reject(state, change, candidate)
        else:
            probes.append((change, _probe(state, candidate)))
    await settle(state.desk, [probe for _, probe in probes])
    winners: list[tuple[_Change[C], Probe[C]]] = []
    for change, probe in probes:
        if probe.accepted:
            winners.append((change, probe))
        else:
            state.rejections += 1
            _reject(state, change, probe.stream.candidate)
        if not probe.accepted or len(probes) > 1:
            await _note(state, change.names, probe, "fires" if probe.accepted else "rejected", False)
    winners.sort(key=lambda pair: -len(state.form.lost(pair[1].stream.candidate)))
    if winners:
        await _merge(state, winners)


def _reject(state: State[C], change: _Change[C], candidate: C | None) -> None:
    """Learns that a change does not fire, or cannot be made."""
    if not change.elements:
        if len(change.names) == 1:
            state.tried.update(change.names)
        else:
            state.halve(change.names)
    elif candidate is None:
        cascades = [state.form.cascade.get(e, frozenset({e})) for e in change.elements]
        state.belief.failed(frozenset[Hashable]().union(*cascades), state.depth)
    else:
        state.belief.failed(state.form.lost(candidate), state.depth)


async def _merge(state: State[C], winners: Sequence[tuple[_Change[C], Probe[C]]]) -> None:
    """Adopts the union of the winners, or else the largest prefix of them that still fires."""
    chain: list[C] = [winners[0][1].stream.candidate]
    for change, _ in winners[1:]:
        after = change.apply(chain[-1])
        chain.append(chain[-1] if after is None or state.known(after) else after)
    good, bad, best = 0, len(chain), winners[0][1]
    middle = len(chain) - 1
    while bad - good > 1:
        candidate = chain[middle]
        if candidate == chain[good]:
            good = middle
        else:
            probe = _probe(state, candidate)
            await settle(state.desk, [probe])
            fired = probe.accepted
            names = [name for change, _ in winners[: middle + 1] for name in change.names]
            await _note(state, names, probe, "merge fires" if fired else "merge rejected", False)
            good, bad, best = (middle, bad, probe) if fired else (good, middle, best)
        middle = (good + bad) // 2
    names = [name for change, _ in winners[: good + 1] for name in change.names]
    await _note(state, names, best, "adopted", True)
    beside = [state.form.lost(probe.stream.candidate) for _, probe in winners[bad + 1 :]]
    state.adopt(chain[good], names)
    if bad < len(chain):
        state.belief.failed(frozenset(chain[good].elements()) - frozenset(chain[bad].elements()), state.depth)
    for lost in beside:
        state.belief.harmless(lost)


def _probe(state: State[C], candidate: C) -> Probe[C]:
    """The cheap test, or the stricter one where the cut touches what once lost the trigger."""
    rules, levels = state.rules, state.levels
    suspect = bool(state.wary & state.form.lost(candidate))
    stream = state.desk.stream(candidate, *((Purpose.RETENTION, 1) if suspect else (Purpose.SEARCH, 0)))
    test = keep_test(levels) if suspect else search_test(rules, levels)
    return Probe(stream, test=test, missing_cap=rules.search_missing)


async def _note(state: State[C], names: Sequence[str], probe: Probe[C], decision: str, accepted: bool) -> None:
    removed = sorted(state.form.lost(probe.stream.candidate), key=repr)
    purpose = probe.stream.purpose.label
    candidate = probe.stream.candidate
    await state.note(purpose, candidate, probe.counts, probe.test, decision, accepted, moves=names, removed=removed)
