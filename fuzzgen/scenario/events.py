"""What happens in a run, as one stream of frozen events with sequence numbers.

The engine yields them; progress, JSON and tests listen. The journal is not a listener: the engine awaits it, so that
whatever an event says is on disk before anything rests on it. The database is a projection of the journal.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from fuzzgen.scenario.base import Frozen
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.rendering import Phase, Rendering
from fuzzgen.scenario.transcript import Reply, Transcript
from fuzzgen.scenario.verdict import Assessment, Behavior, Event

__all__ = [
    "AnyEvent",
    "BudgetChanged",
    "CandidateConfirmed",
    "CandidateDismissed",
    "CandidateFound",
    "EpisodeJudged",
    "EpisodeRejudged",
    "EpisodeStarted",
    "FindingSaved",
    "ModelReplied",
    "RunEvent",
    "RunFinished",
    "RunStarted",
    "ScenarioSampled",
    "ShrinkStep",
    "StopReason",
    "Warned",
    "event_from_json",
]

StopReason = Literal["budget", "max_usd", "max_tokens", "max_time", "interrupted", "answered", "provider", "failed"]
FindingStatus = Literal[
    "candidate", "confirmed", "quick", "certified", "partial", "deterministic", "too_weak", "budget", "dismissed"
]


class RunEvent(Frozen):
    """Base: `seq` counts from 1 without gaps in one run; `at` is UTC in ISO form."""

    seq: int = 0
    at: str = ""


class RunStarted(RunEvent):
    event: Literal["run_started"] = "run_started"
    run_id: str
    command: str
    model: str
    grammars: tuple[str, ...]
    seed: int
    budget: int | None
    parameters: dict[str, Any]  # all that a resume needs
    fuzzgen_version: str
    hypothesis_version: str
    simulated: bool = False  # the target is a simulated reference agent
    resumed: bool = False


class ScenarioSampled(RunEvent):
    """A scenario came up, with its rendering. `sampler` says who asked for it: random, covering, qd, control, ..."""

    event: Literal["scenario_sampled"] = "scenario_sampled"
    scenario: Scenario
    rendering: Rendering
    sampler: str


class EpisodeStarted(RunEvent):
    """`launch` is the place in launch order, which is the order in which outcomes count."""

    event: Literal["episode_started"] = "episode_started"
    episode_id: str
    launch: int
    scenario_id: str
    rendering_id: str
    phase: Phase
    sampler: str
    replicate: int
    seed: int
    finding_id: str = ""


class ModelReplied(RunEvent):
    """One reply of the target, in full. `key` names the call: (prompt, target, parameters, phase, replicate, step)."""

    event: Literal["model_replied"] = "model_replied"
    episode_id: str
    step: int
    key: str
    reply: Reply


class EpisodeJudged(RunEvent):
    event: Literal["episode_judged"] = "episode_judged"
    episode_id: str
    transcript: Transcript
    assessments: tuple[Assessment, ...]
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None
    latency_ms: float = 0.0
    fingerprint: str = ""


class EpisodeRejudged(RunEvent):
    """Other judges on an episode of an earlier run; what was said of it before stays."""

    event: Literal["episode_rejudged"] = "episode_rejudged"
    episode_id: str
    assessments: tuple[Assessment, ...]
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None


class CandidateFound(RunEvent):
    event: Literal["candidate_found"] = "candidate_found"
    finding_id: str
    scenario_id: str
    rendering_id: str
    behavior: Behavior
    looking_for: Event
    episode_id: str
    position: int  # in the order of confirmation, from 1


class CandidateConfirmed(RunEvent):
    """Counts are of fresh episodes only; `low` and `high` hold at any stopping time."""

    event: Literal["candidate_confirmed"] = "candidate_confirmed"
    finding_id: str
    hits: int
    trials: int
    started: int
    low: float
    high: float
    log_evalue: float
    min_rate: float


class CandidateDismissed(RunEvent):
    event: Literal["candidate_dismissed"] = "candidate_dismissed"
    finding_id: str
    hits: int
    trials: int
    started: int
    reason: Literal["below", "undecided", "budget", "interrupted", "known"]


class ShrinkStep(RunEvent):
    """One decision of a reducer with the counts it was made from. Rows of purpose "certificate" come last."""

    event: Literal["shrink_step"] = "shrink_step"
    finding_id: str
    step: int
    purpose: (
        str  # reference, search, retention, sweep, confirmation; or certificate: a row of it as it stands at the end
    )
    move: str
    decision: str
    scenario_id: str
    removed: tuple[str, ...]
    hits: int
    trials: int
    missing: int
    evalue: float
    accepted: bool
    kind: Literal["", "enabling", "motivating"] = ""


class FindingSaved(RunEvent):
    """A finding as it stands now; a later event with the same id replaces it."""

    event: Literal["finding_saved"] = "finding_saved"
    finding_id: str
    model: str
    behavior: Behavior
    looking_for: Event
    scenario_id: str
    status: FindingStatus
    hits: int
    trials: int
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    minimal_id: str | None = None
    minimal_rate: float | None = None
    minimal_low: float | None = None
    minimal_high: float | None = None
    threshold: float | None = None
    delta: float | None = None
    elements_before: int = 0
    elements_after: int | None = None
    episodes_spent: int = 0
    fingerprint: str = ""
    cluster: str = ""


class BudgetChanged(RunEvent):
    event: Literal["budget_changed"] = "budget_changed"
    budget: int | None
    reason: str


class Warned(RunEvent):
    event: Literal["warned"] = "warned"
    message: str


class RunFinished(RunEvent):
    event: Literal["run_finished"] = "run_finished"
    reason: StopReason
    episodes: int
    findings: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    seconds: float
    detail: str = ""


AnyEvent = Annotated[
    RunStarted
    | ScenarioSampled
    | EpisodeStarted
    | ModelReplied
    | EpisodeJudged
    | EpisodeRejudged
    | CandidateFound
    | CandidateConfirmed
    | CandidateDismissed
    | ShrinkStep
    | FindingSaved
    | BudgetChanged
    | Warned
    | RunFinished,
    Field(discriminator="event"),
]
_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


def event_from_json(line: str | bytes) -> AnyEvent:
    """An event from one line of a journal. Raises pydantic.ValidationError."""
    return _ADAPTER.validate_json(line)
