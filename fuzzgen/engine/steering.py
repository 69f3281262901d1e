"""The strategy within a run: proposals become scenarios, judged episodes become stages, minimal forms known triggers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fuzzgen.engine.outcome import EpisodeOutcome
from fuzzgen.engine.plan import ExplorationPlan
from fuzzgen.explore import FIRES, Outcome, Proposal, ScenarioSpace, known_trigger, strategy_named
from fuzzgen.explore.seeds import seeded
from fuzzgen.grammar import Grammar
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.verdict import Behavior

__all__ = ["Steering"]


class Steering:
    """What to explore next. Deterministic in the plan and in what it is told, in that order."""

    def __init__(self, plan: ExplorationPlan, grammars: Sequence[Grammar]) -> None:
        space = ScenarioSpace(grammars, plan.language)
        strategy = strategy_named(plan.strategy, space, plan.seed)
        self.strategy = seeded(strategy, space, plan.corpus, plan.seed) if plan.corpus else strategy
        self._opened: dict[str, Proposal] = {}

    @property
    def why(self) -> str:
        """What the search is doing, and why, in a few words."""
        return self.strategy.why

    def next(self) -> Proposal:
        """The next episode to explore."""
        (proposal,) = self.strategy.ask()
        return proposal

    def tell(self, proposal: Proposal, outcome: EpisodeOutcome) -> None:
        """A proposal's episode is in."""
        stages: dict[str, int] = {b: min(stage, FIRES - 1) for b, stage in outcome.stages.items()}
        stages |= {b: FIRES for b, fires in outcome.fires.items() if fires}
        self.strategy.tell(proposal, Outcome(stages, outcome.valid))

    def opened(self, finding_id: str, proposal: Proposal) -> None:
        """A candidate came up in this proposal."""
        self._opened[finding_id] = proposal

    def learned(
        self,
        finding_id: str,
        behavior: Behavior,
        minimal: Scenario,
        decisive: Collection[str] | None,
        fingerprint: str,
    ) -> None:
        """A finding was reduced: from now on its trigger is known."""
        known = known_trigger(behavior, minimal, decisive, fingerprint)
        self.strategy.found(known, self._opened.get(finding_id))
