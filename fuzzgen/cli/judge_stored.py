"""`fuzzgen judge` on stored episodes: what the judges gave, what it cost, and the rates as they see them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fuzzgen.cli.exits import Exit
from fuzzgen.cli.output import clean, print_json
from fuzzgen.errors import ProviderError

if TYPE_CHECKING:
    from fuzzgen.engine.rejudge import Rejudged
    from fuzzgen.judge.calibration import JudgedRate
    from fuzzgen.store.judged import SeenRate
    from fuzzgen.target.port import Target
    from fuzzgen.target.spend import Meter

__all__ = ["judge_stored", "no_answer", "open_judges", "spent"]

AGAIN = "run the same command again"


def open_judges(models: Sequence[str], api_base: str | None, price: tuple[float, float] | None) -> list[Target]:
    """The judges of these names, each once."""
    from fuzzgen.judge.model import open_judge

    return [open_judge(m, api_base=api_base, price=price) for m in dict.fromkeys(models)]


def no_answer(calls: int, reason: str) -> ProviderError:
    """For judges of which nothing came back. `reason` is why the last call failed."""
    why = reason.removeprefix("the judge did not answer: ")
    return ProviderError(
        f"no judge answered; {calls} {'call' if calls == 1 else 'calls'} failed: {why}",
        fix=f"check the model's name, its key and --api-base, then {AGAIN}",
    )


def spent(meter: Meter) -> str:
    """What judge models took, in a line."""
    usd = f"{meter.known_usd:.4f} USD" if meter.known_usd or meter.cost_usd is not None else "unknown"
    part = "at least " if meter.known_usd and meter.cost_usd is None else ""
    return f"Judge models: {meter.calls} calls, {meter.tokens:,} tokens, cost {part}{usd}"


def judge_stored(
    db: Path,
    models: Sequence[str],
    *,
    api_base: str | None,
    price: tuple[float, float] | None,
    max_usd: float | None,
    max_tokens: int | None,
    concurrency: int,
    calibration: Path | None,
    as_json: bool,
) -> Exit:
    """Judges what waits and says what came of it. Raises ProviderError, after that, where no judge answered."""
    from fuzzgen.judge.agreement import alpha
    from fuzzgen.judge.calibration import judged_rate, load_calibration
    from fuzzgen.store.judged import outcomes_by_judge, rates_by_judge
    from fuzzgen.target.spend import Meter, require_price

    known = load_calibration(calibration)

    async def run() -> Rejudged:
        from fuzzgen.engine.rejudge import rejudge

        judges = open_judges(models, api_base, price)
        for judge in judges:
            require_price(max_usd, priced=judge.priced, model=judge.name)
        meter = Meter(max_usd=max_usd, max_tokens=max_tokens)
        try:
            return await rejudge(
                db, judges, meter, concurrency=concurrency, notice=lambda text: click.echo(text, err=True)
            )
        finally:
            for judge in judges:
                await judge.aclose()

    done = asyncio.run(run())
    agreement = alpha((judge, (episode, behavior), word) for judge, episode, behavior, word in outcomes_by_judge(db))
    rates = [(r, judged_rate(r.hits, r.trials, r.judge, r.behavior, known)) for r in rates_by_judge(db)]
    if as_json:
        _print_json(done, agreement, rates)
    else:
        _print(done, agreement, rates)
    for problem in done.problems:
        click.echo(f"Warning: the database is behind the journal: {clean(problem)}; {AGAIN}", err=True)
    if done.reason == "provider":
        raise no_answer(sum(t.failed for t in done.judges.values()), done.unanswered)
    if done.reason == "interrupted":
        return Exit.INTERRUPTED
    return Exit.CAP if done.reason in ("max_usd", "max_tokens") else Exit.NOTHING_FOUND


def _print_json(done: Rejudged, agreement: float | None, rates: Sequence[tuple[SeenRate, JudgedRate]]) -> None:
    tallies = done.judges.values()
    print_json({
        "run_id": done.run_id,
        "episodes": done.episodes,
        "waiting": done.waiting - done.episodes,
        "reason": done.reason,
        "valid": sum(t.valid for t in tallies),
        "invalid": sum(t.invalid for t in tallies),
        "failed": sum(t.failed for t in tallies),
        "judges": [{"judge": name, **asdict(tally)} for name, tally in done.judges.items()],
        "calls": done.meter.calls,
        "tokens": done.meter.tokens,
        "cost_usd": done.meter.cost_usd,
        "known_usd": done.meter.known_usd,
        "alpha": agreement,
        "rates": [
            {**asdict(r), "calibrated": said.sensitivity is not None, "corrected": asdict(said)["corrected"]}
            for r, said in rates
        ],
    })  # fmt: skip


def _print(done: Rejudged, agreement: float | None, rates: Sequence[tuple[SeenRate, JudgedRate]]) -> None:
    tallies = done.judges.values()
    verdicts = [sum(t.valid for t in tallies), sum(t.invalid for t in tallies), sum(t.failed for t in tallies)]
    words = "{} valid, {} invalid, {} failed"
    click.echo(
        f"{done.episodes} of {done.waiting} episodes judged ({done.reason}); verdicts: {words.format(*verdicts)}."
        f" {spent(done.meter)}"
    )
    for name, tally in done.judges.items():
        if len(done.judges) > 1:
            click.echo(clean(f"  {name}: {words.format(tally.valid, tally.invalid, tally.failed)}"))
        if tally.answered and not tally.valid:
            last = f"; the last: {tally.misfit}" if tally.misfit else ""
            click.echo(clean(f"{name} answered, but none of its {tally.answered} answers was valid{last}"))
        if tally.failed:
            click.echo(clean(f"{name}: {tally.failed} calls failed, the last: {tally.failure}"))
    if done.episodes < done.waiting:
        click.echo(f"What was answered is kept. To go on, {AGAIN}: nothing is asked twice.")
    click.echo(f"Krippendorff's alpha of all judges: {'–' if agreement is None else f'{agreement:.3f}'}")
    for r, said in rates:
        click.echo(clean(f"  {r.model}  {r.behavior}  by {r.judge}: {said.told()}"))
    click.echo("Where they differ: fuzzgen query --name disagreements")
