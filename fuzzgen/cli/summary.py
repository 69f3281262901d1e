"""What is said when a run is over: the findings, or what it means that there are none, and how to go on."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path

import click

from fuzzgen.cli.exits import Exit
from fuzzgen.cli.output import DEFAULT_DB, clean, console, percent, simulated_note
from fuzzgen.engine.conduct import Conducted
from fuzzgen.engine.exploration import Exploration
from fuzzgen.engine.hunt import Hunt
from fuzzgen.engine.minimizing import Minimizing
from fuzzgen.engine.plan import ExplorationPlan, ReductionPlan
from fuzzgen.engine.reduction import Reduction
from fuzzgen.scenario.events import FindingSaved
from fuzzgen.stats import nothing_found_bound

__all__ = ["db_words", "exit_code", "print_reduction", "print_spent", "print_summary", "print_summary_of"]

REASONS = {
    "budget": "the budget is spent",
    "max_usd": "the dollar cap is reached",
    "max_tokens": "the token cap is reached",
    "max_time": "the time is up",
    "interrupted": "interrupted; everything so far is kept",
    "answered": "done",
    "provider": "the provider failed",
    "failed": "it failed",
}
CAPS = ("max_usd", "max_tokens", "max_time")


def exit_code(done: Conducted) -> Exit:
    """Findings win over a cap, an interruption over both."""
    if done.finished and done.finished.reason == "interrupted":
        return Exit.INTERRUPTED
    work = done.run.work
    if isinstance(work, Reduction):
        return _reduction_code(work)
    if done.run.findings:
        return Exit.FINDINGS
    if done.finished and done.finished.reason in CAPS:
        return Exit.CAP
    # Where most calls failed, that nothing was found says nothing.
    return Exit.SERVICE if 2 * done.run.failed > done.run.episodes else Exit.NOTHING_FOUND


def _reduction_code(work: Reduction) -> Exit:
    """A trigger that was reduced is a finding; one that does not fire is none; an open question is a cap."""
    if work.reduced is None:
        return Exit.CAP
    status = work.reduced.result.status
    if status == "too_weak" and not work.reduced.result.trials:
        return Exit.CAP  # not one draw counted: whether it fires is not known
    return {"too_weak": Exit.NOTHING_FOUND, "budget": Exit.CAP}.get(status, Exit.FINDINGS)


def print_summary(done: Conducted, plan: ExplorationPlan, db: Path) -> None:
    """A table of findings, or a bound; what was spent; the next command."""
    from rich.table import Table

    out = console()
    run, finished = done.run, done.finished
    reason = REASONS[finished.reason] if finished else "it ended early"
    work = run.work
    assert isinstance(work, Hunt)
    exploration, minimizing = work.exploration, work.minimizing
    out.print()
    out.print(f"{run.episodes} episodes against {plan.model}{simulated_note(plan.model)}: {reason}.")
    findings = sorted(run.findings.values(), key=lambda f: -(f.rate or 0))
    if findings:
        table = Table(title=f"{len(findings)} confirmed triggers (event: {plan.event})", title_justify="left")
        for column in (
            "finding",
            "behavior",
            "threat",
            "secret",
            "rate",
            "95 % interval",
            "hits/valid",
            "elements",
            "status",
        ):
            table.add_column(column, justify="right" if column in ("rate", "hits/valid", "elements") else "left")
        same = {c.finding.finding_id: c.same_as for c in minimizing.cases if c.same_as}
        scenarios = {c.finding_id: c.scenario for c in exploration.confirmation.candidates}
        for finding in findings[:40]:
            factors = scenarios[finding.finding_id].factors
            table.add_row(
                finding.finding_id,
                finding.behavior,
                clean(factors.get("threat", "–")),
                clean(factors.get("secret", "–")),
                percent(finding.rate),
                f"{percent(finding.rate_low)} – {percent(finding.rate_high)}",
                f"{finding.hits}/{finding.trials}",
                f"{finding.elements_before}" + (f" → {finding.elements_after}" if finding.elements_after else ""),
                finding.status + (f", as {same[finding.finding_id]}" if finding.finding_id in same else ""),
            )
        out.print(table)
        if len(findings) > 40:
            out.print(f"… and {len(findings) - 40} more: `fuzzgen findings`")
        out.print("Rates are from fresh episodes after the discovery; intervals hold at any stopping time.")
        _print_distinct(findings, minimizing)
    if exploration.repeats:
        hits = sum(exploration.repeats.values())
        out.print(f"{hits} more hits in situations that contain a trigger found before; not confirmed again.")
    _print_shares(run.shares)
    _print_rates(exploration, plan, found=bool(findings))
    print_spent(done)
    extra = db_words(db)
    if findings:
        out.print(f"Next: fuzzgen findings show {findings[0].finding_id}{extra}")
    more = ""
    if finished and finished.reason == "budget":
        more = f" --budget {2 * (plan.budget or 1000)}"
    elif finished and finished.reason in CAPS:
        more = f" --{finished.reason.replace('_', '-')} …"
    out.print(f"Go on: fuzzgen resume {run.run_id}{more}{extra}")


def _print_distinct(findings: list[FindingSaved], minimizing: Minimizing) -> None:
    out = console()
    shrunk = [f for f in findings if f.fingerprint and f.status != "budget"]
    prints = {f.fingerprint for f in shrunk}
    if prints:
        causes = {f.cluster for f in shrunk}
        out.print(
            f"Minimal forms: {len(prints)} distinct, with {len(causes)} causes: {clean('; '.join(sorted(causes)))}."
        )
    if left := minimizing.uncertified:
        out.print(f"Not certified: {', '.join(f.finding_id for f in left[:12])}{' …' if len(left) > 12 else ''}.")


def _print_shares(shares: Counter[str]) -> None:
    """What each part of the run received, in episodes."""
    confirming, minimizing = shares["confirm"], shares["shrink"] + shares["certify"]
    explored = {name: n for name, n in shares.items() if name not in ("confirm", "shrink", "certify")}
    if total := shares.total():
        by = ", ".join(f"{name} {n}" for name, n in sorted(explored.items(), key=lambda item: -item[1]))
        whole = sum(explored.values())
        console().print(
            f"Episodes: {whole} exploring, {percent(whole / total)} ({by}); {confirming} confirming;"
            f" {minimizing} minimizing."
        )


def _print_rates(exploration: Exploration, plan: ExplorationPlan, *, found: bool) -> None:
    out = console()
    explored, control = exploration.tallies.get("explore"), exploration.tallies.get("control")
    if explored:
        out.print(
            f"Random sample: {explored.any_hits} hits in {explored.valid} valid of {explored.started} started episodes"
            f" (any behavior, {plan.event})."
        )
    if control and control.started:
        out.print(
            f"Controls (the same scenarios with the threat removed): {control.any_hits} hits in {control.valid} valid"
            f" of {control.started}."
        )
    if explored and not found and explored.valid:
        bound = nothing_found_bound(explored.any_hits, explored.valid, plan.min_rate)
        if bound >= 1:
            out.print(
                f"No trigger was confirmed; {explored.valid} episodes of the random sample are too few for a bound."
            )
            return
        out.print(
            f"No trigger was confirmed. With 95 % confidence at most {percent(min(1.0, bound))} of such situations fire"
            f" at a rate of {percent(plan.min_rate)} or more."
        )
    open_left = [c for c in exploration.confirmation.candidates if c.status in ("budget", "interrupted", "undecided")]
    if open_left:
        out.print(
            f"{len(open_left)} suspected triggers could not be decided within the budget; they are kept as candidates."
        )


def print_spent(done: Conducted) -> None:
    """Episodes that do not count, tokens and US dollars of a run, and whether the database is behind its journal."""
    if missing := done.run.missing:
        why = "; ".join(f"{count} times {clean(reason)}" for reason, count in missing.most_common(4))
        console().print(f"{missing.total()} of {done.run.episodes} episodes do not count: {why}.")
    spent = done.run.meter
    price = "no known price" if spent.cost_usd is None else f"${spent.cost_usd:.2f}"
    tokens = f"{spent.prompt_tokens + spent.completion_tokens:,} tokens ({spent.cached_tokens:,} cached)"
    console().print(f"Spent: {tokens}, {'nothing, it is simulated' if done.run.target.simulated else price}.")
    for problem in done.problems:
        click.echo(f"Warning: the database is {done.behind} events behind its journal: {problem}", err=True)


def db_words(db: Path) -> str:
    """What a further command needs to find the same database."""
    return "" if db == DEFAULT_DB else f" --db {clean(shlex.quote(str(db)))}"


def print_summary_of(done: Conducted, plan: ExplorationPlan | ReductionPlan, db: Path) -> None:
    """The summary that fits what was ordered."""
    if isinstance(plan, ReductionPlan):
        print_reduction(done, plan, db)
    else:
        print_summary(done, plan, db)


def print_reduction(done: Conducted, plan: ReductionPlan, db: Path) -> None:
    """The minimal form, its certificate or what kept it from having one, and the next command."""
    from fuzzgen.cli.certificate import Line, print_certificate, print_form
    from fuzzgen.store.read import certificate_of

    work = done.run.work
    assert isinstance(work, Reduction)
    out = console()
    out.print()
    if work.reduced is None:
        out.print(f"{done.run.episodes} episodes against {plan.model}{simulated_note(plan.model)}: it ended early.")
        print_spent(done)
        out.print(f"Go on: fuzzgen resume {done.run.run_id}{db_words(db)}")
        return
    result = work.reduced.result
    out.print(
        f"{done.run.episodes} episodes against {plan.model}{simulated_note(plan.model)}; status: {result.status}"
        + (f" ({result.reason})" if result.reason else "")
    )
    if result.status != "too_weak":
        print_form(out, plan.scenario, work.reduced.minimal)
        lines = [Line.of(row) for row in certificate_of(db, plan.finding_id, done.run.run_id)]
        print_certificate(out, done.run.findings[plan.finding_id].model_dump(), lines, work.reduced.minimal)
    print_spent(done)
    if result.status == "budget":
        out.print(f"Go on: fuzzgen resume {done.run.run_id} --budget {2 * max(done.run.episodes, 100)}{db_words(db)}")
    elif result.status != "too_weak":
        out.print(f"Next: fuzzgen findings show {plan.finding_id}{db_words(db)}")
