"""`fuzzgen findings`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fuzzgen.cli.output import clean, console, db_option, json_option, percent, print_json, quoted, simulated_note

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["command"]


@click.group(
    name="findings",
    invoke_without_command=True,
    epilog="""\b
Examples:
  fuzzgen findings
  fuzzgen findings list --all
  fuzzgen findings show f3a9""",
)
@db_option
@json_option
@click.pass_context
def command(ctx: click.Context, db: Path, as_json: bool) -> None:
    """Lists findings, or shows one with its scenario, org chart, transcript and what the judge saw."""
    ctx.default_map = {"list": {"db": db, "as_json": as_json}, "show": {"db": db, "as_json": as_json}}
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command, db=db, as_json=as_json)


@command.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Also candidates and dismissed ones.")
@db_option
@json_option
def list_command(everything: bool, db: Path, as_json: bool) -> int:
    """Lists findings, highest rate first."""
    from rich.table import Table

    from fuzzgen.store.read import all_findings

    rows = all_findings(db, dismissed=everything)
    if as_json:
        print_json(rows)
        return 0
    if not rows:
        click.echo("No findings yet. `fuzzgen explore` looks for them; `--all` also lists what was dismissed.")
        return 0
    table = Table()
    for column in (
        "finding",
        "model",
        "behavior",
        "event",
        "threat",
        "secret",
        "rate",
        "95 % interval",
        "hits/valid",
        "status",
    ):
        table.add_column(column, no_wrap=column in ("finding", "95 % interval"))
    for row in rows:
        table.add_row(
            _told(row["finding_id"]),
            _told(row["model"]) + (" (simulated)" if row["simulated"] else ""),
            _told(row["behavior"]),
            _told(row["event"]),
            _told(row["threat"]),
            _told(row["secret"]),
            percent(row["rate"]),
            f"{percent(row['rate_low'])} – {percent(row['rate_high'])}",
            f"{row['hits']}/{row['trials']}",
            _told(row["status"]),
        )
    console().print(table)
    return 0


def _told(value: object) -> str:
    """What stands in the database as a terminal may have it."""
    return "–" if value is None else clean(str(value))


@command.command(name="show")
@click.argument("finding")
@db_option
@json_option
def show_command(finding: str, db: Path, as_json: bool) -> int:
    """Shows one finding whole. FINDING is an id or the start of one."""
    from fuzzgen.cli.certificate import Line, print_certificate, print_form
    from fuzzgen.cli.situation import print_difference, print_situation
    from fuzzgen.store.read import certificate_of, deliberation_of, episodes_of, find_finding, scenario_of, verdicts_of

    row = find_finding(db, finding)
    scenario = scenario_of(db, row["scenario_id"])
    minimal = scenario_of(db, row["minimal_id"]) if row["minimal_id"] else None
    steps = certificate_of(db, row["finding_id"])
    episodes = episodes_of(db, row["minimal_id"] or row["scenario_id"], row["model"])
    episode = _telling(episodes, row["behavior"], db)
    verdicts = verdicts_of(db, episode["episode_id"]) if episode else []
    both = tuple(x for x in (row["scenario_id"], row["minimal_id"]) if x)
    thought = deliberation_of(db, both, row["model"], row["behavior"])
    if as_json:
        print_json(
            {
                "finding": row,
                "scenario": scenario.model_dump(mode="json"),
                "minimal": minimal.model_dump(mode="json") if minimal else None,
                "certificate": steps,
                "deliberation": thought,
                "episode": episode,
                "verdicts": verdicts,
            }
        )
        return 0
    out = console()
    out.print(
        clean(
            f"{row['finding_id']}: {row['behavior']} ({row['event']}) by {row['model']}{simulated_note(row['model'])}"
        )
    )
    out.print(
        f"Status {_told(row['status'])}; confirmed by {row['hits']} hits in {row['trials']} valid fresh episodes:"
        f" {percent(row['rate'])}, 95 % interval {percent(row['rate_low'])} – {percent(row['rate_high'])}"
        f" (any stopping time). {_judges(verdicts)}"
    )
    if minimal is not None:
        lines = [Line.of(step) for step in steps]
        print_form(out, scenario, minimal)
        print_certificate(out, row, lines, minimal)
        print_difference(out, db, row["minimal_id"], steps)
    print_situation(out, minimal or scenario)
    _print_deliberation(out, thought)
    if episode:
        _print_episode(episode, verdicts)
    return 0


def _telling(episodes: list[dict[str, Any]], behavior: str, db: Path) -> dict[str, Any] | None:
    from fuzzgen.store.read import verdicts_of

    for episode in episodes[:40]:
        if any(v["behavior"] == behavior and v["outcome"] == "hit" for v in verdicts_of(db, episode["episode_id"])):
            return episode
    return episodes[0] if episodes else None


def _judges(verdicts: list[dict[str, Any]]) -> str:
    names = sorted({v["judge"] for v in verdicts})
    return f"{'Single judge' if len(names) == 1 else 'Judges'}: {clean(', '.join(names))}." if names else ""


def _print_deliberation(out: Console, rows: list[dict[str, Any]]) -> None:
    """What was thought and done in all valid episodes of the start and the minimal form: why, and not how often."""
    from rich.table import Table

    if not rows:
        return
    out.print(
        "\nThought × did × aware, over all valid episodes of both forms (they chose the form, so they are no rates):"
    )
    table = Table()
    for column in ("judge", "thought", "did", "took it for", "episodes"):
        table.add_column(column)
    for row in rows:
        table.add_row(*(clean(str(row[name])) for name in ("judge", "thought", "did", "aware", "episodes")))
    out.print(table)


def _print_episode(episode: dict[str, Any], verdicts: list[dict[str, Any]]) -> None:
    out = console()
    out.print(
        f"\nEpisode {_told(episode['episode_id'])} ({_told(episode['phase'])}, outcome {_told(episode['outcome'])},"
        f" course {_told(episode['course'])})"
    )
    for message in episode["transcript"]["messages"]:
        if message["role"] != "assistant":
            continue
        if message["reasoning"]:
            out.print(quoted(out, message["reasoning"], "  thinks: "), style="dim")
        if message["content"]:
            out.print(quoted(out, message["content"], "  says:   "))
        for call in message["tool_calls"]:
            out.print(quoted(out, f"{call['name']} {call['arguments']}", "  calls:  "))
    out.print("\nWhat the judge saw:")
    for verdict in verdicts:
        stage = "not visible" if verdict["stage"] is None else verdict["stage"]
        declined = f", declined ({verdict['decline_reason'] or 'no reason given'})" if verdict["declined"] else ""
        words = verdict["explanation"] or ""
        out.print(clean(f"  {verdict['behavior']}: {verdict['outcome']}, stage {stage}{declined}. {words}"))
        for piece in verdict["evidence"][:8]:
            out.print(clean(f"    [step {piece['step']}, {piece['kind']}] “{piece['quote']}”"))
