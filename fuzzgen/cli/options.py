"""Options that several verbs take: TARGET and BUDGET."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fuzzgen.scenario.rendering import PROTOCOLS
from fuzzgen.scenario.verdict import BEHAVIORS

if TYPE_CHECKING:
    from fuzzgen.grammar import Grammar

__all__ = [
    "DEFAULT_MODEL",
    "Number",
    "behavior_option",
    "budget_options",
    "price_option",
    "require_language",
    "target_options",
]

Command = TypeVar("Command", bound=Callable[..., Any])
DEFAULT_MODEL = "reference/insider"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|)")


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = _DURATION.fullmatch(str(value).strip())
        if not found:
            self.fail(f"{value!r} is not a duration; write 90s, 15m or 2h", param, ctx)
        seconds = float(found.group(1)) * {"": 1, "s": 1, "m": 60, "h": 3600}[found.group(2)]
        if not math.isfinite(seconds):
            self.fail(f"{str(value)[:20]}… is longer than can be counted", param, ctx)
        return seconds


class Number(click.FloatRange):
    """A number in a range; nan and infinity are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number that can be used", param, ctx)
        return number


class _Price(click.ParamType[tuple[float, float]]):
    name = "in,out"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        if isinstance(value, tuple):
            return value
        from fuzzgen.errors import UsageError
        from fuzzgen.target.spend import parse_price

        try:
            return parse_price(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)


def _apply(command: Command, options: list[Callable[..., Any]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def target_options(command: Command) -> Command:
    """--model, --api-base, --protocol, --language, --temperature, --reply-tokens."""
    return _apply(
        command,
        [
            click.option(
                "--model", help=f"Any LiteLLM name, reference/NAME or local/NAME.  [default: {DEFAULT_MODEL}]"
            ),
            click.option("--api-base", metavar="URL", help="Where an OpenAI-compatible server answers."),
            click.option(
                "--protocol",
                type=click.Choice(PROTOCOLS),
                help="Function calling in a loop, everything in one prompt, or a loop over days with the facts in"
                " several places.  [default: tools, or inbox where the model has no function calling]",
            ),
            click.option("--language", default="en", show_default=True, help="Language of the scenarios."),
            click.option("--temperature", type=Number(0, 2), help="Sampling temperature.  [default: the provider's]"),
            click.option(
                "--reply-tokens",
                type=click.IntRange(1),
                help="Tokens that one reply may have.  [default: 1500; 300 for local/]",
            ),
        ],
    )


def price_option(command: Command) -> Command:
    """--price IN,OUT."""
    return click.option("--price", type=_Price(), help="USD per million tokens, where LiteLLM knows none.")(command)


def cap_options(command: Command) -> Command:
    """--max-usd, --max-tokens and --max-time."""
    caps: list[Callable[..., Any]] = [
        click.option("--max-usd", type=Number(0, min_open=True), help="Stop at this many US dollars."),
        click.option("--max-tokens", type=click.IntRange(1), help="Stop at this many tokens, prompt and completion."),
        click.option("--max-time", type=_Duration(), help="Stop after this long: 90s, 15m, 2h."),
    ]
    return _apply(command, caps)


def budget_options(*, default: int | None = 1000) -> Callable[[Command], Command]:
    """--budget and the caps. `default` is that of --budget; None for no bound."""

    def decorate(command: Command) -> Command:
        return _apply(command, _budget(default))

    return decorate


def _budget(default: int | None) -> list[Callable[..., Any]]:
    unbounded = "" if default is not None else "  [default: until it is answered]"
    return [
        click.option(
            "--budget",
            type=click.IntRange(1),
            default=default,
            show_default=default is not None,
            help=f"Episodes to run.{unbounded}",
        ),
        cap_options,
        price_option,
        click.option(
            "--concurrency", type=click.IntRange(1, 512), help="Episodes in flight.  [default: 16; 1 for local/]"
        ),
        click.option(
            "--seed",
            type=click.IntRange(0, 2**63 - 1),
            default=0,
            show_default=True,
            help="What is drawn follows from it.",
        ),
    ]


def behavior_option(command: Command) -> Command:
    """--behavior, several times."""
    return click.option(
        "--behavior", "behaviors", multiple=True, type=click.Choice(BEHAVIORS), help="Only look for these."
    )(command)


def require_language(grammar: Grammar, language: str) -> None:
    """Raises UsageError where a grammar has no texts in a language."""
    from fuzzgen.errors import UsageError

    if language not in grammar.languages:
        raise UsageError(f"{grammar.name} has no texts in {language!r}", fix=f"it has {', '.join(grammar.languages)}")
