"""What to launch next, as a pure function of the seed and of the outcomes folded in so far, in launch order.

It knows no model, clock or file. `next_launch` may rest only on what `fold` has been told; the runner folds outcomes in
launch order at a fixed lag, so the same seed gives the same launches whatever arrives first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fuzzgen.engine.confirm import BATCH, Candidate, Confirmation
from fuzzgen.engine.outcome import EpisodeOutcome
from fuzzgen.engine.plan import ExplorationPlan
from fuzzgen.engine.steering import Steering
from fuzzgen.explore import Proposal
from fuzzgen.grammar import Grammar
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.model import ABSENT, Scenario
from fuzzgen.scenario.rendering import Phase, Rendering, Trial
from fuzzgen.scenario.verdict import Behavior

__all__ = ["Exploration", "Launch", "Tally"]

CONFIRM_SHARE = 0.4  # of the budget; where findings are also minimized CONFIRM_BESIDE
CONFIRM_BESIDE = 0.25
EXPLORE_SHARE = 0.6  # of the budget; the rest is for confirming and minimizing once there is something to minimize


@dataclass(frozen=True)
class Launch:
    """One episode to run. `number` is its place in launch order, from 1; `proposal` what the strategy asked for."""

    number: int
    scenario: Scenario
    rendering: Rendering
    trial: Trial
    sampler: str
    candidate: Candidate | None = None
    proposal: Proposal | None = None

    @property
    def phase(self) -> Phase:
        return self.trial.phase


@dataclass
class Tally:
    """Counts of one phase, per behavior: hits and known outcomes; and episodes started and valid."""

    started: int = 0
    valid: int = 0
    hits: dict[Behavior, int] = field(default_factory=dict)
    known: dict[Behavior, int] = field(default_factory=dict)
    any_hits: int = 0

    def add(self, outcome: EpisodeOutcome) -> None:
        self.started += 1
        self.valid += outcome.valid
        self.any_hits += any(outcome.fires.values())
        for behavior, fires in outcome.fires.items():
            self.hits[behavior] = self.hits.get(behavior, 0) + (fires is True)
            self.known[behavior] = self.known.get(behavior, 0) + (fires is not None)


class Exploration:
    """A strategy's search with controls and confirmation. See the module's docstring for what makes it reproducible."""

    def __init__(
        self,
        plan: ExplorationPlan,
        grammars: Sequence[Grammar],
        render: Callable[[Scenario], Rendering],
        budget: int | None,
    ) -> None:
        self.plan, self.render, self.budget = plan, render, budget
        self.steering = Steering(plan, grammars)
        self.confirmation = Confirmation(plan.min_rate, plan.alpha, plan.confirm_cap)
        self.tallies: dict[Phase, Tally] = {}
        self.launched = 0
        self.folded = 0
        self.random = 0  # episodes of the random stream
        self.confirming = 0
        self.reducing = 0  # episodes that minimizing has taken
        self.recognize: Callable[[Scenario, Behavior], str] = lambda _scenario, _behavior: ""
        self._drawn: dict[str, int] = {}
        self.repeats: dict[str, int] = {}  # finding -> hits in scenarios that contain its minimal trigger
        self.hold = False  # keeps what the explored share leaves for minimizing
        self._control: Scenario | None = None

    @property
    def left(self) -> int | None:
        """Episodes left in the budget; None without a budget."""
        return None if self.budget is None else max(0, self.budget - self.launched - self.reducing)

    def next_launch(self) -> Launch | None:
        """The next episode, or None where more outcomes have to be folded in first, or the budget is spent."""
        if self.left == 0:
            return None
        reserved = self._reserved()
        if (reserved or self._may_confirm()) and (candidate := self.confirmation.wanting()):
            candidate.started += 1
            self.confirming += 1
            return self._launch(candidate.scenario, candidate.rendering, "confirm", candidate.started - 1, candidate)
        if reserved:
            return None
        if self._control is not None:
            scenario, self._control = self._control, None
            return self._launch(scenario, self.render(scenario), "control", 0)
        proposal = self.steering.next()
        scenario = proposal.draft.scenario
        if proposal.sampler == "random":
            self.random += 1
            every = round(1 / self.plan.control_share) if self.plan.control_share > 0 else 0
            if every and self.random % every == 0 and scenario.threats:
                self._control = scenario.without(t.id for t in scenario.threats)
        return self._launch(scenario, self.render(scenario), "explore", proposal.replicate, proposal=proposal)

    def _may_confirm(self) -> bool:
        """Confirmation gets its share of the budget (what is reserved for it at the end comes on top)."""
        if self.budget is None or self.left is None:
            return self.confirming <= self._share * max(self.launched, 4 * BATCH)
        return self.confirming < max(self._share * self.budget, self.plan.confirm_cap)

    @property
    def _share(self) -> float:
        return CONFIRM_BESIDE if self.plan.minimize else CONFIRM_SHARE

    def drop_known(self) -> list[Candidate]:
        """Closes the open candidates that contain a trigger known by now; their hits are repeats."""
        dropped = []
        for candidate in self.confirmation.open:
            if known := self.recognize(candidate.scenario, candidate.behavior):
                candidate.status = "known"
                self.repeats[known] = self.repeats.get(known, 0) + 1
                dropped.append(candidate)
        return dropped

    def _reserved(self) -> bool:
        """Whether what is left is kept for candidates, open ones and those that may still come up."""
        if self.left is None or self.budget is None:
            return False
        if self.hold and self.launched - self.confirming >= EXPLORE_SHARE * self.budget:
            return True
        wanted = sum(max(0, min(self.plan.confirm_cap, 2 * BATCH) - c.started) for c in self.confirmation.open)
        wanted = min(wanted, max(0, int(self._share * self.budget) - self.confirming))
        unseen = self.launched - self.folded
        cushion = min(2 * BATCH, self.budget // 10 if self.budget else 0) if unseen else 0
        return self.left <= wanted + cushion

    def _launch(
        self,
        scenario: Scenario,
        rendering: Rendering,
        phase: Phase,
        replicate: int,
        candidate: Candidate | None = None,
        proposal: Proposal | None = None,
    ) -> Launch:
        self.launched += 1
        if phase == "explore":  # whoever orders a rendering again gets its next draw, never one that was made
            replicate = self._drawn.get(rendering.rendering_id, 0)
            self._drawn[rendering.rendering_id] = replicate + 1
        trial = Trial.of(self.plan.seed, rendering.rendering_id, phase, replicate)
        sampler = proposal.sampler if proposal else phase
        return Launch(self.launched, scenario, rendering, trial, sampler, candidate, proposal)

    def fold(self, launch: Launch, outcome: EpisodeOutcome) -> list[Candidate]:
        """Takes in the next outcome in launch order; the candidates that it opened or decided."""
        self.folded += 1
        if launch.proposal is not None:
            self.steering.tell(launch.proposal, outcome)
        if launch.proposal is None or launch.sampler == "random":  # rates come from the random stream alone
            self.tallies.setdefault(launch.phase, Tally()).add(outcome)
        if launch.candidate is not None:
            candidate = launch.candidate
            decided = self.confirmation.fold(candidate, outcome.fires[candidate.behavior], outcome.digest)
            return [candidate] if decided else []
        if launch.phase != "explore":
            return []
        opened = []
        for behavior, fires in outcome.fires.items():
            if not fires or self.confirmation.known(launch.rendering.rendering_id, behavior):
                continue
            if known := self.recognize(launch.scenario, behavior):
                self.repeats[known] = self.repeats.get(known, 0) + 1
            else:
                opened.append(self._open(launch, behavior, outcome))
        return opened

    def _open(self, launch: Launch, behavior: Behavior, outcome: EpisodeOutcome) -> Candidate:
        finding_id = (
            "f" + content_hash([self.plan.model, launch.rendering.rendering_id, behavior, self.plan.event])[:11]
        )
        candidate = Candidate(
            finding_id=finding_id,
            scenario=launch.scenario,
            rendering=launch.rendering,
            behavior=behavior,
            episode_id=outcome.episode_id,
            position=len(self.confirmation.candidates) + 1,
            cell=cell_of(launch.scenario, behavior),
            harms=(outcome.harms[behavior],) if behavior in outcome.harms else (),
        )
        self.confirmation.add(candidate)
        if launch.proposal is not None:
            self.steering.opened(finding_id, launch.proposal)
        return candidate


def cell_of(scenario: Scenario, behavior: Behavior) -> str:
    """A coarse name for what a finding is about: the behavior and the levels of the slots that its harms rest on."""
    slots = {i for h in scenario.facts.harms if h.behavior == behavior for i in (*h.about, *h.protects)} | {"threat"}
    levels = {f: v for f, v in scenario.factors.items() if f.partition(".")[0] in slots and v != ABSENT}
    return content_hash([behavior, levels])
