"""What every verb shares: the options --db and --json, a console that is plain off a terminal, and clean text.

Text of models and strangers' grammars never reaches a terminal as it is: control characters, escapes and marks that turn
the direction of writing become visible signs.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "DEFAULT_DB",
    "clean",
    "console",
    "db_option",
    "json_option",
    "mute",
    "percent",
    "print_data",
    "print_json",
    "quoted",
    "simulated_note",
]

Command = TypeVar("Command", bound=Callable[..., Any])
DEFAULT_DB = Path("findings/fuzzgen.duckdb")
_KEEP = {"\n", "\t"}


def clean(text: str) -> str:
    """The text with control, format and unassigned characters made visible; newlines and tabs stay."""
    return "".join(
        c
        if c in _KEEP or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        else "\N{REPLACEMENT CHARACTER}"
        for c in text.replace("\r\n", "\n")
    )


def console(*, stderr: bool = False) -> Console:
    """A rich console; colors only on a terminal, never with NO_COLOR."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 120
    return Console(file=stream, highlight=False, soft_wrap=False, width=width, markup=False, emoji=False)


class _Database(click.Path):
    """A path with a file's name at its end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(str(super().convert(value, param, ctx)))
        if not path.name:
            self.fail("a database has a name, for example findings/fuzzgen.duckdb", param, ctx)
        return path


def db_option(command: Command) -> Command:
    """--db PATH."""
    return click.option(
        "--db",
        type=_Database(path_type=Path, dir_okay=False),
        default=DEFAULT_DB,
        show_default=True,
        help="The database; journals lie beside it.",
    )(command)


def json_option(command: Command) -> Command:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Data on stdout and nothing else.")(command)


def print_data(text: str) -> None:
    """Data on stdout: byte for byte into a file or pipe, clean on a terminal."""
    sys.stdout.write(clean(text) if sys.stdout.isatty() else text)  # click.echo would take escapes out of data


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    text = json.dumps(value, ensure_ascii=False, default=str, indent=2)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can tell
        text = json.dumps(value, default=str, indent=2)
    print_data(text + "\n")


def quoted(out: Console, text: str, lead: str) -> str:
    """Somebody's words behind a lead, cleaned and wrapped; every further line is marked, so that none can pass for ours."""
    from rich.text import Text

    wrapped = Text(clean(text)).wrap(out, max(20, out.width - len(lead)), tab_size=4)
    return lead + ("\n" + " " * (len(lead) - 2) + "│ ").join(line.plain.rstrip() for line in wrapped)


def percent(rate: float | None) -> str:
    """A probability as people read it."""
    return "–" if rate is None else f"{100 * rate:.1f} %" if 0 < rate < 0.1 else f"{100 * rate:.0f} %"


def simulated_note(model: str) -> str:
    """A word that goes with every result of a reference agent."""
    return " (simulated agent)" if model.startswith("reference/") else ""


def mute() -> None:
    """Nobody can take what is left in stdout's buffer; without this it would be tried again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
