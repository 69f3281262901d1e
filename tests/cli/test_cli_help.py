"""Help, names and light feet: what one meets before anything runs."""

from __future__ import annotations

import re
import subprocess
import sys

import click
import pytest
from command_line import Run

from fuzzgen.cli.main import VERBS, cli

HEAVY = (
    "litellm",
    "duckdb",
    "hypothesis",
    "pandas",
    "matplotlib",
    "scipy",
    "pyarrow",
    "networkx",
    "jinja2",
    "rich.table",
)


def _light(program: str) -> str:
    """Runs a program that may open no socket and load nothing heavy; what it wrote to stdout."""
    watch = (
        "import sys\nseen = []\n"
        "sys.addaudithook(lambda event, _: seen.append(event) if event.startswith('socket.') else None)\n"
    )
    end = f"\nassert not seen, seen\nloaded = [m for m in {HEAVY} if m in sys.modules]\nassert not loaded, loaded\n"
    done = subprocess.run([sys.executable, "-c", watch + program + end], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_package_and_its_help_load_nothing_heavy_and_open_no_socket() -> None:
    helps = "\n".join(
        f"sys.argv = {['fuzzgen', *verb, '--help']}\ntry: main()\nexcept SystemExit as e: assert not e.code, e.code"
        for verb in ([], *([v] for v in VERBS))
    )
    out = _light(f"import fuzzgen\nfrom fuzzgen.cli.main import main\n{helps}")
    assert all(f"  {verb} " in out for verb in VERBS)


def test_the_watch_itself_notices() -> None:
    with pytest.raises(AssertionError, match="socket"):
        _light("import socket\nsocket.socket()")
    with pytest.raises(AssertionError, match="duckdb"):
        _light("import duckdb")


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_shows_an_example_of_itself(verb: str, fuzzgen: Run) -> None:
    done = fuzzgen(verb, "--help")
    assert done.code == 0
    assert "Examples:" in done.out
    assert re.search(rf"^ +fuzzgen {verb}\b", done.out[done.out.index("Examples:") :], re.MULTILINE)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_option_says_what_it_does(verb: str) -> None:
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    for one in commands:
        assert one.help, one.name
        for option in one.params:
            if isinstance(option, click.Option) and option.name != "help":
                explained = option.help or isinstance(option.type, click.Choice)
                assert explained, f"{one.name} {option.opts}"


def test_the_version_is_the_packages(fuzzgen: Run) -> None:
    import fuzzgen as package

    assert package.__version__ in fuzzgen("--version").out


UNKNOWN = [
    (("exploer",), "explore"),
    (("query", "--name", "trigger-rate"), "trigger-rates"),
    (("grammar", "show", "corporate-emial"), "corporate-email"),
    (("grammar", "check", "corporate-mail"), "corporate-email"),
    (("explore", "--grammar", "corporate-emial"), "corporate-email"),
    (("explore", "--model", "reference/insidr"), "insider"),
    (("explore", "--bugdet", "5"), "--budget"),
    (("explore", "--behavior", "blackmale"), "blackmail"),
    (("findings", "shwo"), "show"),
]


@pytest.mark.parametrize(
    ("arguments", "suggestion"), UNKNOWN, ids=lambda a: " ".join(a) if isinstance(a, tuple) else ""
)
def test_an_unknown_name_is_a_usage_error_that_suggests_the_nearest(
    arguments: tuple[str, ...], suggestion: str, fuzzgen: Run
) -> None:
    done = fuzzgen(*arguments)
    assert done.code == 2
    assert suggestion in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("explore", "--budget", "0"),
        ("explore", "--budget", "many"),
        ("explore", "--max-time", "soon"),
        ("explore", "--price", "1"),
        ("explore", "--min-rate", "2"),
        ("explore", "--language", "xx"),
        ("explore", "--model", "nonsense"),
        ("explore", "--model", "openai/x", "--max-usd", "1", "--api-base", "http://127.0.0.1:9/v1"),
        ("explore", "--grammar", "gone.yaml"),
        ("query",),
        ("query", "SELECT 1", "--name", "findings"),
        ("grammar", "check", "/dev/null"),
        ("minimize",),
        ("judge", "--scenario", "gone.json"),
    ],
    ids=" ".join,
)
def test_wrong_words_are_usage_errors(arguments: tuple[str, ...], fuzzgen: Run) -> None:
    done = fuzzgen(*arguments)
    assert done.code == 2, done.err
    assert done.err.strip()
    assert "Traceback" not in done.err
    assert done.out == ""
