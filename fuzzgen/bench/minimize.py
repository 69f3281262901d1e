"""Reducers on planted problems whose answer is known: what they cost, whether they are right, whether they say so.

Every reducer gets the same problems and draws of the same agent. Draws of a candidate depend on the seed alone, hits may
take longer than misses, and a share may be missing. Time is virtual: a miss takes one round.

The rivals need a threshold and a low point. They get them from the same 32 draws of the start as fuzzgen, charged to
them too, and test each candidate once with the cheap sequential test of fuzzgen's own search, or by k hits of n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median, quantiles

from fuzzgen.bench.rivals import Ask, ddmin, greedy, hypothesis_shrinker, probdd
from fuzzgen.bench.virtual_clock import VirtualClock
from fuzzgen.minimize import Counts, Rules, minimize
from fuzzgen.minimize.draws import Desk, Purpose
from fuzzgen.minimize.problems import Candidate, Problem, Rate, landscape, oracle
from fuzzgen.minimize.rules import levels_of, search_test
from fuzzgen.minimize.walks import Probe, settle

__all__ = ["LANDSCAPES", "REDUCERS", "Run", "Summary", "Task", "one_run", "summarize", "tasks"]

LANDSCAPES = ("planted", "weak", "rare", "noisy", "graded", "booster", "boundary")
BOUNDARY = 0.36
"""The rate of the *boundary* landscape without its bystanders, and the threshold that every reducer is given there."""

K, N = 2, 6
"""The k-of-n policy: a candidate fires if at least K of N draws hit, all of them made at once."""

REDUCERS = ("fuzzgen", "ddmin", "probdd", "hypothesis", "k-of-n")


@dataclass(frozen=True, slots=True)
class Task:
    """One reduction. `hits_take` is how many rounds a hit takes, `missing` the share of draws without an answer."""

    reducer: str
    problem: str
    seed: int
    concurrency: int
    hits_take: float = 2.0
    missing: float = 0.0
    delta: float = 0.05


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it.

    episodes   draws, those of the reference included
    rounds     makespan on the virtual clock
    kept       the planted trigger is still whole
    minimal    kept, and each single deletion lowers the rate
    certified  the reducer said so (only fuzzgen does); wrong: certified although the form does not fire above the
               threshold, or a deletion does, or an element changes nothing
    """

    task: Task
    episodes: int
    rounds: float
    elements: int
    kept: bool
    minimal: bool
    status: str
    certified: bool
    wrong: bool


def tasks(
    problems: Sequence[str],
    runs: int,
    concurrencies: Sequence[int],
    *,
    seed: int = 0,
    hits_take: float = 2.0,
    missing: float = 0.0,
    delta: float = 0.05,
    reducers: Sequence[str] = REDUCERS,
) -> list[Task]:
    """All reductions of a benchmark; rivals that take one step after another run only one at a time."""
    return [
        Task(reducer, problem, seed + number, concurrency, hits_take, missing, delta)
        for problem in problems
        for concurrency in concurrencies
        for reducer in reducers
        if concurrency == min(concurrencies) or reducer in ("fuzzgen", "k-of-n")
        for number in range(runs)
    ]


def one_run(task: Task) -> Run:
    """Makes one reduction."""
    problem = Problem.planted(task.seed)
    rate = landscape(problem, task.problem, threshold=BOUNDARY)
    draw = oracle(rate, task.seed, unit=1.0, hits_take=task.hits_take, missing=task.missing)
    start = Candidate(problem, problem.everything)
    threshold = BOUNDARY if task.problem == "boundary" else None
    clock = VirtualClock()
    try:
        if task.reducer == "fuzzgen":
            result = clock.run(
                minimize(
                    start,
                    draw,
                    delta=task.delta,
                    threshold=threshold,
                    concurrency=task.concurrency,
                    seed=task.seed,
                )
            )
            form, episodes, tau = result.candidate, result.calls, result.threshold
            status: str = result.status
        else:
            desk: Desk[Candidate] = Desk(draw, concurrency=task.concurrency, seed=task.seed)
            form = _rival(task, desk, clock, start, threshold)
            episodes, status, tau = desk.calls, "done", None
        certified = status == "certified"
        return Run(
            task,
            episodes,
            clock.now,
            len(form.kept),
            problem.whole(form.kept),
            problem.whole(form.kept) and all(r < rate(form.kept) for r in _below(form, rate)),
            status,
            certified,
            certified and tau is not None and _wrong(form, rate, tau),
        )
    finally:
        clock.close()


def _rival(
    task: Task, desk: Desk[Candidate], clock: VirtualClock, start: Candidate, threshold: float | None
) -> Candidate:
    rules = Rules()

    async def refer() -> Counts:
        stream = desk.stream(start, Purpose.REFERENCE)
        while stream.counts.started < rules.reference_first:
            await desk.advance([(stream, rules.reference_first)])
        return stream.counts

    counts = clock.run(refer())
    if counts.hits < rules.reference_enough:
        return start
    levels = levels_of(rules, counts, 0.1, threshold, None)
    test = search_test(rules, levels)
    known: dict[Candidate, bool] = {}

    async def sequential(candidate: Candidate) -> bool:
        probe = Probe(desk.stream(candidate, Purpose.SEARCH), test=test, missing_cap=rules.search_missing)
        await settle(desk, [probe])
        return probe.accepted

    async def k_of_n(candidate: Candidate) -> bool:
        stream = desk.stream(candidate, Purpose.SEARCH)
        while stream.counts.started < N:
            await desk.advance([(stream, N)])
        return stream.counts.hits >= K

    def ask(candidate: Candidate) -> bool:
        if candidate not in known:
            known[candidate] = clock.run((k_of_n if task.reducer == "k-of-n" else sequential)(candidate))
        return known[candidate]

    reduce: Callable[[Candidate, Ask], Candidate] = {
        "ddmin": ddmin,
        "probdd": probdd,
        "hypothesis": hypothesis_shrinker,
        "k-of-n": lambda form, fires: greedy(ddmin(form, fires), fires),
    }[task.reducer]
    form = reduce(start, ask)
    clock.run(desk.drain())
    return form


def _below(form: Candidate, rate: Rate) -> Iterator[float]:
    """The rates one deletion below a form."""
    for element in form.elements():
        smaller = form.without([element])
        if smaller is not None:
            yield rate(smaller.kept)


def _wrong(form: Candidate, rate: Rate, threshold: float) -> bool:
    own = rate(form.kept)
    return own <= threshold or any(below >= threshold or below == own for below in _below(form, rate))


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the table: a reducer on a problem with so many draws in flight. Shares are from 0 to 1."""

    reducer: str
    problem: str
    concurrency: int
    runs: int
    episodes: float
    episodes_low: float
    episodes_high: float
    rounds: float
    kept: float
    minimal: float
    certified: int | None
    wrong: int | None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def summarize(runs: Sequence[Run]) -> list[Summary]:
    """Medians and quartiles, in the order in which the runs came; `certified` is None for reducers that claim nothing."""
    groups: dict[tuple[str, str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.task.problem, run.task.reducer, run.task.concurrency), []).append(run)
    return [_summary(group) for group in groups.values()]


def _summary(runs: Sequence[Run]) -> Summary:
    task, n = runs[0].task, len(runs)
    episodes = [run.episodes for run in runs]
    low, _, high = quantiles(episodes, n=4, method="inclusive") if n > 1 else (episodes[0],) * 3
    share: Callable[[str], float] = partial(_share, runs)
    claims = task.reducer == "fuzzgen"
    return Summary(
        task.reducer,
        task.problem,
        task.concurrency,
        n,
        median(episodes),
        low,
        high,
        median(run.rounds for run in runs),
        share("kept"),
        share("minimal"),
        sum(run.certified for run in runs) if claims else None,
        sum(run.wrong for run in runs) if claims else None,
    )


def _share(runs: Sequence[Run], name: str) -> float:
    return sum(bool(getattr(run, name)) for run in runs) / len(runs)
