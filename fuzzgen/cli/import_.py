"""`fuzzgen import`."""

from __future__ import annotations

import re
import shlex
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fuzzgen.cli.output import clean, json_option, print_json
from fuzzgen.errors import UsageError

if TYPE_CHECKING:
    from fuzzgen.imports import Import, Imported

__all__ = ["command"]

FORMATS = ("agentic-misalignment", "petri-seeds", "bloom", "jsonl")
DEFAULT_OUT = Path("findings/imports")
SHOWN = 10  # of what was left out
LONGEST = 80  # characters of a file's name


@click.command(
    name="import",
    epilog="""\b
Examples:
  fuzzgen import agentic-misalignment ~/agentic-misalignment
  fuzzgen import agentic-misalignment ~/agentic-misalignment --config example_experiment_config
  fuzzgen import jsonl prompts.jsonl --out prompts
  fuzzgen explore --corpus findings/imports/agentic-misalignment --model openai/NAME --budget 456""",
)
@click.argument("format_", metavar="FORMAT", type=click.Choice(FORMATS))
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--config", default="", help="Only what this configuration of agentic-misalignment asks for.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Where the scenarios go, a JSON file for each.  [default: {DEFAULT_OUT}/FORMAT]",
)
@json_option
def command(format_: str, path: Path, config: str, out: Path | None, as_json: bool) -> int:
    """Reads scenarios that others published: agentic-misalignment, petri-seeds, bloom or jsonl.

    \b
    agentic-misalignment  a clone of the published experiment; all its conditions, with fact sheets
    petri-seeds           seed instructions: .txt, .json, .jsonl, .md, or a folder of them
    bloom                 ideation.json, or a folder of results
    jsonl                 an object per line with `prompt` or `messages`

    Texts are kept word for word, as elements that can be taken away; nothing in PATH is executed. Duplicates, texts with
    placeholders that are not filled, and malformed lines are reported and left out. `explore --corpus` and `minimize`
    run what was written. docs/imports.md has more.
    """
    from fuzzgen.imports import read_import

    if config and format_ != "agentic-misalignment":
        raise UsageError(f"{format_} has no configurations", fix="leave --config out")
    if not as_json:
        click.echo(f"Reading {path} as {format_} …", err=True)
    found = read_import(format_, path, config)
    folder = out or DEFAULT_OUT / format_
    files = _written(found.scenarios, folder)
    if as_json:
        print_json(_data(found, folder, files))
    else:
        _report(found, folder)
    return 0


def _written(scenarios: list[Imported], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}  # by name; some disks do not know upper from lower case
    for item in scenarios:
        name = re.sub(r"[^\w.-]+", "_", item.name, flags=re.ASCII).strip("._")[:LONGEST] or "scenario"
        names = chain([name, f"{name}-{item.scenario.scenario_id}"], (f"{name}-{n}" for n in count(2)))
        name = next(n for n in names if n.casefold() not in files)
        file = files[name.casefold()] = folder / f"{name}.json"
        file.write_text(item.scenario.canonical() + "\n", encoding="utf-8")
    return list(files.values())


def _data(found: Import, folder: Path, files: list[Path]) -> dict[str, Any]:
    return {
        "format": found.format,
        "source": found.source,
        "license": found.license,
        "out": str(folder),
        "imported": [
            {
                "name": item.name,
                "scenario_id": item.scenario.scenario_id,
                "file": str(file),
                "behaviors": sorted({h.behavior for h in item.scenario.facts.harms}),
            }
            for item, file in zip(found.scenarios, files, strict=True)
        ],
        "left_out": [
            {"why": x.why, "name": x.name, "message": x.message, "file": str(x.file), "line": x.line}
            for x in found.left
        ],
        "notes": found.notes,
    }


def _report(found: Import, folder: Path) -> None:
    counts = [f"{found.count(why)} {words}" for why, words in (
        ("duplicate", "duplicates"), ("placeholder", "with placeholders that are not filled"), ("malformed", "malformed"),
    )]  # fmt: skip
    many = len(found.scenarios)
    click.echo(f"{many} scenario{'s' * (many != 1)} imported; left out: {', '.join(counts)}")
    for left in found.left[:SHOWN]:
        click.echo(f"  {clean(str(left))}")
    if len(found.left) > SHOWN:
        click.echo(f"  … and {len(found.left) - SHOWN} more (--json for all)")
    if found.license:
        click.echo(f"From {clean(found.source)}, license {clean(found.license)}; both are recorded in each scenario.")
    for note in found.notes:
        click.echo(clean(note))
    if found.scenarios:
        click.echo(f"Next: fuzzgen explore --corpus {clean(shlex.quote(str(folder)))} --budget {len(found.scenarios)}")
