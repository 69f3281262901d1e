"""`fuzzgen grammar`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from fuzzgen.cli.coverage import coverage_data, print_coverage
from fuzzgen.cli.options import require_language
from fuzzgen.cli.output import clean, console, db_option, json_option, print_data, print_json
from fuzzgen.errors import UsageError
from fuzzgen.scenario.rendering import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fuzzgen.grammar import Grammar
    from fuzzgen.lint import Problem
    from fuzzgen.scenario.model import Scenario

__all__ = ["command"]


@click.group(
    name="grammar",
    epilog="""\b
Examples:
  fuzzgen grammar list
  fuzzgen grammar check my-grammar.yaml
  fuzzgen grammar show corporate-email
  fuzzgen grammar sample corporate-email -n 2 --seed 7
  fuzzgen grammar sample corporate-email --like scenario.json -n 5 --out siblings
  fuzzgen grammar coverage corporate-email""",
)
def command() -> None:
    """Lists, checks, shows and samples grammars, and says how much of one was exercised."""


@command.command(name="list")
@json_option
def list_command(as_json: bool) -> int:
    """Lists the grammars that come with fuzzgen."""
    from fuzzgen.grammar import built_in, load_grammar

    grammars = [load_grammar(name) for name in built_in()]
    if as_json:
        print_json([{"name": g.name, "title": g.title, "languages": g.languages} for g in grammars])
    else:
        for grammar in grammars:
            click.echo(clean(f"{grammar.name:24} {grammar.title} ({', '.join(grammar.languages)})"))
    return 0


@command.command(name="check")
@click.argument("path")
@click.option("--samples", type=click.IntRange(20), default=500, show_default=True, help="Scenarios to compare.")
@click.option("--language", default="en", show_default=True, help="Language of the scenarios that are compared.")
@json_option
def check_command(path: str, samples: int, language: str, as_json: bool) -> int:
    """Checks a grammar and its texts; each problem names file, line and fix. Measures how alike its scenarios are."""
    from fuzzgen.errors import GrammarError
    from fuzzgen.grammar import load_grammar, sample
    from fuzzgen.lint import contradictions, lint, realism

    grammar = load_grammar(path)
    require_language(grammar, language)
    problems = lint(path)
    if as_json and problems:
        print_json({"name": grammar.name, "problems": [_problem(p) for p in problems]})
    for problem in () if as_json else problems:
        click.echo(clean(str(problem)))
    if problems:
        first = problems[0]
        raise GrammarError(
            f"{len(problems)} problems, the first: {first.message}", fix=first.fix, file=first.file, line=first.line
        )
    checked = min(samples, 100)
    for seed in range(checked):
        for spoken in grammar.languages:
            for said in contradictions(grammar, sample(grammar, seed, spoken)):
                which = f"the scenario of seed {seed} in {spoken!r}"
                raise GrammarError(f"{which} contradicts itself: {said}", fix="mend it", file=path)
    figures = realism(grammar, samples, language=language)
    worst = figures.repeated[:3]
    if as_json:
        print_json(
            {
                "name": grammar.name, "problems": [], "factors": len(grammar.factors), "samples": samples,
                "structures": figures.structures, "highest_sentence_share": figures.highest_share,
                "sentences_above_5_percent": figures.above(0.05), "mean_shared_5_grams": figures.overlap,
                "worst": [{"sentence": r.sentence, "where": r.where, "share": r.share} for r in worst],
            }
        )  # fmt: skip
        return 0
    click.echo(
        f"{clean(grammar.name)}: fine. {len(grammar.factors)} factors; {checked} sampled scenarios are consistent."
    )
    click.echo(f"different in structure: {figures.structures} of {samples}")
    click.echo(f"word 5-grams that two scenarios share, on average: {figures.overlap:.1%}")
    click.echo(f"sentences in more than 5 % of the scenarios that have their fact: {figures.above(0.05)}")
    for repeated in worst:
        click.echo(
            f"  {repeated.share:.0%} of {repeated.having} with {repeated.where}: {clean(repeated.sentence)[:100]}"
        )
    return 0


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "kind": problem.kind, "message": problem.message, "fix": problem.fix, "file": str(problem.file),
        "line": problem.line,
    }  # fmt: skip


@command.command(name="show")
@click.argument("name")
@json_option
def show_command(name: str, as_json: bool) -> int:
    """Shows the factors of a grammar with their levels, and how many situations it holds, by slot and in all."""
    from rich.table import Table

    from fuzzgen.grammar import load_grammar
    from fuzzgen.grammar.size import assignments, slot_assignments

    grammar = load_grammar(name)
    size, slots = assignments(grammar), slot_assignments(grammar)
    if as_json:
        factors = {f.name: f.levels for f in grammar.factors}
        print_json({"name": grammar.name, "assignments": size, "slots": slots, "factors": factors})
        return 0
    out = console()
    out.print(f"{clean(grammar.title)}: {clean(grammar.description)}")
    table = Table()
    for column in ("factor", "levels", "ways to fill the slot"):
        table.add_column(column)
    for factor in grammar.factors:
        table.add_row(factor.name, ", ".join(factor.levels), f"{slots[factor.name]:,}" if factor.of_slot else "")
    out.print(table)
    out.print(
        f"{size:,} distinct assignments of factors, counted exactly (about 10^{math.log10(size):.1f}; names, dates and "
        "wording not counted)"
    )
    return 0


@command.command(name="sample")
@click.argument("name", required=False)
@click.option("-n", "count", type=click.IntRange(1), default=1, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The first seed.")
@click.option("--language", help="Language of the scenarios.  [default: en; with --like the same]")
@click.option(
    "--like",
    metavar="FILE|FINDING",
    help="Siblings of this scenario: the same situation, and all that it could be recognized by drawn anew.",
)
@click.option("--protocol", type=click.Choice(get_args(Protocol)), help="Show it as a model would get it.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write one JSON file for each here.")
@db_option
def sample_command(
    name: str | None,
    count: int,
    seed: int,
    language: str | None,
    like: str | None,
    protocol: Protocol | None,
    out: Path | None,
    db: Path,
) -> int:
    """Prints sampled scenarios as JSON, or as a model would get them.

    With --like they are siblings of a known scenario, which a model that has seen it cannot recognize: factor levels,
    elements and relations are the same; names, organization, city, dates, amounts, codes, ordinary mail and wordings are
    new, and the fact sheet goes with them. Of a finding it is the minimal form, where there is one. An imported scenario
    has siblings where docs/imports.md says which factor levels come nearest to it. With --like NAME may be left out.
    """
    from fuzzgen.cli.reduction_plan import known_scenario
    from fuzzgen.grammar import load_grammar, load_named, reskinned, sample
    from fuzzgen.imports import sibling_levels
    from fuzzgen.scenario.verbatim import is_verbatim

    known = None if like is None else known_scenario(like, db)
    siblings = sibling_levels(known) if known is not None and is_verbatim(known) else None
    if known is not None and is_verbatim(known) and siblings is None:
        raise UsageError(f"nothing says which factor levels come near {like}", fix="docs/imports.md has those that do")
    if name is not None:
        grammar = load_grammar(name)
    elif known is not None:
        grammar = load_named(siblings[0] if siblings else known.grammar)
    else:
        raise UsageError("no grammar is named", fix="`fuzzgen grammar list` shows them; with --like none is needed")
    if siblings:
        return _put_out_siblings(grammar, siblings, range(seed, seed + count), language or "en", protocol, out)
    if known is not None and known.grammar != grammar.name:
        raise UsageError(
            f"{like} is a scenario of {known.grammar[:60]}", fix=f"say {known.grammar[:60]} instead of {name}"
        )
    spoken = language or (known.language if known else "en")
    require_language(grammar, spoken)
    for number in range(seed, seed + count):
        scenario = reskinned(grammar, known, number, spoken) if known else sample(grammar, number, spoken)
        _put_out(scenario, protocol, out)
    return 0


def _put_out_siblings(
    grammar: Grammar,
    siblings: tuple[str, dict[str, str]],
    seeds: range,
    language: str,
    protocol: Protocol | None,
    out: Path | None,
) -> int:
    """Scenarios with the factor levels that come nearest to an imported one; what it leaves open is at its simplest."""
    from fuzzgen.explore import ScenarioSpace

    name, levels = siblings
    if name != grammar.name:
        raise UsageError(f"its siblings are in {name}", fix=f"say {name} instead of {grammar.name}")
    require_language(grammar, language)
    space, settled = ScenarioSpace([grammar], language), grammar.settle(levels)
    for number in seeds:
        _put_out(space.make(grammar, settled, number).scenario, protocol, out)
    return 0


def _put_out(scenario: Scenario, protocol: Protocol | None, out: Path | None) -> None:
    """Into a file of its own under `out`, or as a model would get it, or as JSON."""
    from fuzzgen.render import render

    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{scenario.scenario_id}.json").write_text(scenario.canonical() + "\n", encoding="utf-8")
    elif protocol is None:
        print_data(scenario.canonical() + "\n")
    else:
        rendering = render(scenario, protocol)
        for message in rendering.messages:
            click.echo(f"--- {message.role}\n{clean(message.content)}")
        for item in rendering.items if rendering.tools else ():  # without tools everything stands in the messages
            click.echo(f"--- {item.id} {item.medium}: {clean(item.title)} ({clean(item.sender)})\n{clean(item.body)}")


@command.command(name="coverage")
@click.argument("name")
@db_option
@click.option(
    "--corpus",
    type=click.Path(exists=True, path_type=Path),
    help="A file or folder of scenarios, in place of the database.",
)
@click.option(
    "--strength",
    type=click.IntRange(1, 3),
    default=2,
    show_default=True,
    help="How many factors are looked at together.",
)
@click.option("--missing", type=click.IntRange(0), default=20, show_default=True, help="Rows of what is missing.")
@json_option
def coverage_command(name: str, db: Path, corpus: Path | None, strength: int, missing: int, as_json: bool) -> int:
    """Says which productions of a grammar, and which combinations of levels, were exercised, out of those that can be.

    A scenario of the database counts once an episode was played out in it; of a corpus all count. With --json everything
    that is missing is listed.
    """
    from fuzzgen.explore.coverage import coverage
    from fuzzgen.explore.seeds import read_seeds
    from fuzzgen.explore.space import ScenarioSpace
    from fuzzgen.grammar import load_grammar
    from fuzzgen.store.read import exercised

    grammar = load_grammar(name)
    scenarios: Iterable[Scenario]
    if corpus is None:
        scenarios = exercised(db, grammar.name)
    else:
        drafts = read_seeds(corpus, ScenarioSpace([grammar]), 0)
        scenarios = [d.scenario for d in drafts if d.scenario.grammar == grammar.name]
    result = coverage(grammar, scenarios, strength)
    if as_json:
        print_json(coverage_data(grammar, result, str(corpus or db)))
    else:
        print_coverage(grammar, result, str(corpus or db), missing)
    return 0
