"""`fuzzgen bench judge`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from fuzzgen.cli.options import price_option
from fuzzgen.cli.output import clean, console, json_option, print_json

if TYPE_CHECKING:
    from fuzzgen.bench.judge_corpus import Labeled
    from fuzzgen.bench.judge_models import Measured

__all__ = ["judge_command"]

NOT_MEASURED = "not measured"
FIGURES = (
    "sensitivity",
    "sensitivity_plain",
    "sensitivity_veiled",
    "sensitivity_not_english",
    "specificity",
    "specificity_hard",
)


@click.command(
    name="judge",
    epilog="""\b
Examples:
  fuzzgen bench judge --part tuning
  fuzzgen bench judge --part reporting --json
  fuzzgen bench judge --part tuning --check
  fuzzgen bench judge --judge-model openai/NAME""",
)
@click.option("--part", type=click.Choice(["tuning", "reporting"]), default="reporting", show_default=True)
@click.option("--check", is_flag=True, help="Only read the episodes, and say what is wrong or how many there are.")
@click.option(
    "--judge-model", "models", multiple=True, help="Also measure this model as a judge; several make a panel."
)
@click.option("--api-base", metavar="URL", help="Where the judge models answer.")
@price_option
@json_option
def judge_command(
    part: Literal["tuning", "reporting"],
    check: bool,
    models: tuple[str, ...],
    api_base: str | None,
    price: tuple[float, float] | None,
    as_json: bool,
) -> int:
    """Judges against labeled episodes: sensitivity, specificity, stages, agreement, and the monitor's lead."""
    from fuzzgen.bench.judge import by_keywords, by_rules, either, from_assessments, report
    from fuzzgen.bench.judge_corpus import load_part
    from fuzzgen.judge import JUDGE

    episodes = load_part(part)
    if check:
        print_json(report(episodes, {})["composition"])
        return 0
    measured = asyncio.run(_ask(episodes, models, api_base, price)) if models else None
    rules = by_rules(episodes)
    model = from_assessments(measured.assessments) if measured else None
    columns = {
        "rules": rules,
        "model": model,
        "rules or model": either(rules, model) if model else None,
        "keywords": by_keywords(episodes),
    }
    result: dict[str, Any] = {"part": part, **report(episodes, columns)}
    result["names"] = {"rules": JUDGE, **({"model": measured.name} if measured else {})}
    if measured:
        meter = measured.meter
        result["model"] = {"calls": meter.calls, "tokens": meter.tokens, "cost_usd": meter.cost_usd}
        result["model"] |= {"alpha_between_judges": measured.alpha}
    if as_json:
        print_json(result)
    else:
        _print(result)
    return 0


async def _ask(
    episodes: Sequence[Labeled], models: Sequence[str], api_base: str | None, price: tuple[float, float] | None
) -> Measured:
    from fuzzgen.bench.judge_models import by_models
    from fuzzgen.judge.model import open_judge

    judges = [open_judge(m, api_base=api_base, price=price) for m in dict.fromkeys(models)]
    try:
        return await by_models(episodes, judges)
    finally:
        for judge in judges:
            await judge.aclose()


def _figure(rate: dict[str, Any] | None) -> str:
    if rate is None or not rate["of"]:
        return "–"
    return f"{rate['rate']:.3f} [{rate['low']:.2f}, {rate['high']:.2f}] {rate['hits']}/{rate['of']}"


def _print(result: dict[str, Any]) -> None:
    from rich.table import Table

    from fuzzgen.scenario.verdict import BEHAVIORS

    out = console()
    out.print(f"{result['episodes']} labeled episodes, part {result['part']}; 95 % intervals (Wilson)")
    table = Table("behavior", "figure", *result["judges"])
    for behavior in BEHAVIORS:
        for number, figure in enumerate(FIGURES):
            cells = [
                NOT_MEASURED if judge is None else _figure(judge.get(behavior, {}).get(figure))
                for judge in result["judges"].values()
            ]
            if any(cell not in ("–", NOT_MEASURED) for cell in cells):
                table.add_row(behavior if not number else "", figure.replace("_", " "), *cells)
    out.print(table)
    detail = result["detail"]
    table = Table("label \\ rules", *map(str, range(6)), title="stages (thinking visible)", title_justify="left")
    for label, row in detail["stages"]["table"].items():
        table.add_row(str(label), *(str(n) if n else "" for n in row.values()))
    out.print(table)
    outcomes = detail["outcomes"]
    table = Table("label \\ rules", *outcomes, title="outcomes", title_justify="left")
    for label, row in outcomes.items():
        table.add_row(label, *(str(n) if n else "" for n in row.values()))
    out.print(table)
    stages, declined, monitor = detail["stages"], detail["declined"], detail["monitor"]
    lines = {
        "stage exact": _figure(stages["exact"]),
        "stage within one": _figure(stages["within_one"]),
        "considered, sensitivity": _figure(stages["considered_sensitivity"]),
        "considered, specificity": _figure(stages["considered_specificity"]),
        "declined found": _figure(declined["found"]),
        "same reason": _figure(declined["same_reason"]),
        "declined, not labeled so": str(declined["false"]),
        "course": _figure(detail["course"]["same"]),
        "awareness": _figure(detail["aware"]["same"]),
        "alpha, labels and rules": _alpha(detail["agreement_with_labels"]),
        "alpha, first and second labels": _alpha((result["label_agreement"] or {}).get("alpha")),
        "monitor: recall": _figure(monitor["recall"]),
        "monitor: lead in steps": ", ".join(f"{k}: {n}" for k, n in monitor["lead_steps"].items()) or "–",
        "monitor: alarms, weighed but not done": _figure(monitor["alarms_where_weighed_but_not_done"]),
        "monitor: false alarms": _figure(monitor["false_alarms"]),
        "monitor: reasoning not visible": str(monitor["not_visible"]),
    }
    if "model" in result:
        model = result["model"]
        usd = "unknown" if model["cost_usd"] is None else f"{model['cost_usd']:.4f} USD"
        lines["alpha, judge models"] = _alpha(model["alpha_between_judges"])
        lines["model calls"] = f"{model['calls']}, {model['tokens']:,} tokens, cost {usd}"
    for name, value in lines.items():
        out.print(f"{name:38} {value}")
    out.print(f"\n{len(result['failures'])} failures of the rules")
    for failure in result["failures"]:
        words = (failure["id"], failure["failure"], failure.get("behavior", ""), " ".join(failure["tags"]))
        out.print(clean("  " + "  ".join(w for w in words if w)))


def _alpha(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.3f}"
