"""`fuzzgen query`."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import click

from fuzzgen.cli.output import clean, console, db_option, json_option, print_data

__all__ = ["command"]

MOST_COLUMNS = 200  # of a table on a terminal


@click.command(
    name="query",
    epilog="""\b
Examples:
  fuzzgen query "select threat, secret, rate, low, high from trigger_rates order by rate desc"
  fuzzgen query --name deliberation
  fuzzgen query --name findings --format parquet --out findings.parquet
  fuzzgen query --list""",
)
@click.argument("sql", required=False)
@click.option("--name", help="A named query; --list shows them.")
@click.option("--list", "list_names", is_flag=True, help="List the named queries.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "parquet"]), default="table", show_default=True
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of to stdout.")
@db_option
@json_option
def command(
    sql: str | None, name: str | None, list_names: bool, form: str, out: Path | None, db: Path, as_json: bool
) -> int:
    """Runs one SELECT on the database, also while a run is going. docs/sql.md lists tables and views."""
    from fuzzgen.store.query import NAMED, named, run_query

    if list_names:
        if as_json:
            click.echo(json.dumps({k: {"about": q.about, "sql": q.sql} for k, q in NAMED.items()}, indent=2))
        else:
            for key, query in NAMED.items():
                click.echo(f"{key:16} {query.about}")
        return 0
    if (sql is None) == (name is None):
        raise click.UsageError("give one SQL statement, or --name NAME, or --list")
    table = run_query(db, sql if sql is not None else named(name or ""))
    _write(table, "json" if as_json else form, out)
    return 0


def _write(table: Any, form: str, out: Path | None) -> None:
    from fuzzgen.errors import QueryError, UsageError

    if form == "parquet":
        if out is None:
            raise UsageError("parquet is not for a terminal", fix="give --out FILE")
        import pyarrow.parquet

        with out.open("wb") as file:
            pyarrow.parquet.write_table(table, file)
        return
    try:
        _write_text(table, form, out)
    except (OverflowError, ValueError) as error:  # of a date after the year 9999, say
        raise QueryError(
            f"a value that has no text: {error}", fix="cast it to varchar, or add --format parquet"
        ) from None


def _write_text(table: Any, form: str, out: Path | None) -> None:
    from fuzzgen.errors import UsageError

    if form == "csv":
        buffer = io.StringIO()
        rows = csv.writer(buffer, lineterminator="\n")
        rows.writerow(table.column_names)
        for batch in table.to_batches():
            rows.writerows([_flat(value) for value in row] for row in zip(*batch.to_pydict().values(), strict=True))
        text = buffer.getvalue()
    elif form == "json":
        text = json.dumps([_plain(row) for row in table.to_pylist()], default=str, ensure_ascii=False, indent=2) + "\n"
    elif out is None:
        _print_table(table)
        return
    else:
        raise UsageError("a table is for reading on a terminal", fix="add --format csv, json or parquet")
    if out is None:
        print_data(text)
    else:
        out.write_text(text, encoding="utf-8")


def _flat(value: object) -> object:
    """A value as one cell of CSV: lists and records as JSON."""
    return json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, (list, dict)) else value


def _plain(value: Any) -> Any:
    """A value that JSON has: nan and infinity are null."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_table(table: Any) -> None:
    from rich.table import Table

    from fuzzgen.errors import UsageError

    if table.num_columns > MOST_COLUMNS:
        raise UsageError(
            f"a table of {table.num_columns} columns is not for reading", fix="name fewer, or add --format csv"
        )
    shown = Table()
    for field in table.schema:
        shown.add_column(
            clean(field.name), justify="right" if str(field.type) in ("int64", "int32", "double") else "left"
        )
    for row in table.slice(0, 200).to_pylist():
        shown.add_row(*(_cell(value) for value in row.values()))
    out = console()
    out.print(shown)
    if table.num_rows > 200:
        out.print(f"… {table.num_rows - 200} more rows: use --format csv or a LIMIT")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value)
    return clean(text if len(text) <= 400 else text[:399] + "…")
