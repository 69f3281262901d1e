"""Docs and program say the same: every verb and option, every table and view, every link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fuzzgen.cli.main import VERBS, cli
from fuzzgen.store.schema import MIGRATIONS

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ROOT / "docs" / "commands.md"
HOW = "\n\nWritten by `python tests/cli/test_docs.py`; a test holds it to the program."


def _pages(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    names = ["-h", "--help"]
    context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100, help_option_names=names)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _pages(inner, f"{path} {name}")


def reference() -> str:
    """docs/commands.md as it should be."""
    parts = ["# Commands" + HOW]
    for path, text in _pages(cli, "fuzzgen"):
        parts.append(f"## {path}\n\n```\n{text.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def test_every_verb_and_option_is_in_the_reference() -> None:
    written = COMMANDS.read_text(encoding="utf-8")
    assert written == reference(), "run python tests/cli/test_docs.py"
    assert all(f"## fuzzgen {verb}" in written for verb in VERBS)


def test_every_table_and_view_is_in_the_sql_guide() -> None:
    guide = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
    names = {n for text in MIGRATIONS for n in re.findall(r"CREATE (?:OR REPLACE )?(?:TABLE|VIEW) (\w+)", str(text))}
    assert names
    assert not [n for n in names if f"`{n}`" not in guide]


@pytest.mark.parametrize(
    "page", sorted([ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")]), ids=str
)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


if __name__ == "__main__":
    COMMANDS.write_text(reference(), encoding="utf-8")
