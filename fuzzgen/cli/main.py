"""`fuzzgen`: finds the verb, loads only its module, and turns errors into one sentence and an exit code."""

from __future__ import annotations

import errno
import json
import keyword
import sys
import traceback
from importlib import import_module
from typing import NoReturn

import click

from fuzzgen import __version__
from fuzzgen.cli.exits import Exit
from fuzzgen.cli.output import clean, mute
from fuzzgen.errors import FuzzgenError

__all__ = ["VERBS", "cli", "main"]

# verb -> one line of help; the command is `command` in the module of that name (`import_` for a keyword)
VERBS = {
    "explore": "Search for situations in which a model does harm.",
    "minimize": "Cut a trigger down to the few facts that cause it, with a certificate.",
    "resume": "Go on with a run that was interrupted.",
    "judge": "Judge a transcript, or judge stored episodes again with a model.",
    "findings": "List findings, or show one whole.",
    "query": "Ask the database in SQL.",
    "import": "Read scenarios that others published, to run and minimize them.",
    "grammar": "List, check, show and sample grammars.",
    "local": "Install a small real model that runs on the CPU.",
    "bench": "Measure fuzzgen itself.",
}


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command = import_module(f"fuzzgen.cli.{module}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from fuzzgen.errors import nearest

        if args and not args[0].startswith("-") and args[0] not in VERBS:
            close = nearest(args[0], VERBS)
            hint = f" Did you mean {' or '.join(close)}?" if close else ""
            ctx.fail(f"there is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fuzzgen")
def cli() -> None:
    """Finds the situations in which an AI agent blackmails, leaks or sabotages, and the facts that make it do so.

    \b
    Start with:
      fuzzgen explore --budget 5000        against a simulated agent, no key needed
      fuzzgen findings                     what was found
      fuzzgen explore --model openai/NAME  against a real model
    """


def main() -> None:
    """The console script."""
    as_json = "--json" in sys.argv
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        sys.exit(Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except FuzzgenError as error:
        if as_json:
            words = {"error": type(error).__name__, "message": clean(error.message), "fix": clean(error.fix)}
            click.echo(json.dumps(words, ensure_ascii=False), err=True)
        else:
            click.echo(f"fuzzgen: {clean(str(error))}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except SystemExit:
        # click met a reader that had left, wrapped stdout, and would say 1: findings
        if type(sys.stdout).__name__ == "PacifyFlushWrapper":
            sys.exit(0)
        raise
    except BrokenPipeError:
        mute()
        sys.exit(0)
    except OSError as error:
        if error.filename is None and error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            _defect()
        if error.filename is None:
            mute()
        place = f"cannot use {error.filename}" if error.filename else "cannot write the output"
        click.echo(f"fuzzgen: {clean(place)}: {error.strerror} (check the path and the space left)", err=True)
        sys.exit(Exit.SERVICE)
    except Exception:
        _defect()
    sys.exit(int(code) if isinstance(code, int) else 0)


def _defect() -> NoReturn:
    click.echo(clean(traceback.format_exc()), err=True)
    click.echo("fuzzgen: this is a defect of fuzzgen. Please report it with the trace above.", err=True)
    sys.exit(Exit.DEFECT)
