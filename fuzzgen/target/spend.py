"""What has been spent, and whether a cap is reached. Pure addition: no clock, no look-up of prices."""

from __future__ import annotations

import math
from typing import Literal

from fuzzgen.errors import UsageError
from fuzzgen.scenario.transcript import Usage

__all__ = ["Meter", "parse_price", "require_price"]


class Meter:
    """Adds up calls, tokens and US dollars, and says when a cap is reached.

    A sum that leaves out what it cannot price would look like a bargain: `cost_usd` is None as soon as tokens were used
    whose price is unknown, and `known_usd` is what is known to be spent. The dollar cap goes by `known_usd`.
    """

    def __init__(self, *, max_usd: float | None = None, max_tokens: int | None = None) -> None:
        self.max_usd, self.max_tokens = max_usd, max_tokens
        self.calls = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cached_tokens = 0  # part of prompt_tokens
        self.known_usd = 0.0
        self._unpriced = False

    def add(self, usage: Usage) -> None:
        """Counts one call."""
        self.add_totals(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.cost_usd)

    def add_totals(self, prompt: int, completion: int, cached: int, cost_usd: float | None, *, calls: int = 1) -> None:
        """Counts several calls at once: an episode, or what a journal holds. `cost_usd` is None where it is unknown."""
        self.calls += calls
        self.prompt_tokens += prompt
        self.completion_tokens += completion
        self.cached_tokens += cached
        if cost_usd is not None:
            self.known_usd += cost_usd
        elif prompt or completion:
            self._unpriced = True

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens, cached ones included."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def cost_usd(self) -> float | None:
        """US dollars spent; None where part of it has no known price."""
        return None if self._unpriced else self.known_usd

    def reached(self) -> Literal["max_usd", "max_tokens"] | None:
        """The cap that is reached, if any."""
        if self.max_usd is not None and self.known_usd >= self.max_usd:
            return "max_usd"
        if self.max_tokens is not None and self.tokens >= self.max_tokens:
            return "max_tokens"
        return None


def require_price(max_usd: float | None, *, priced: bool, model: str) -> None:
    """A dollar cap needs prices: raises UsageError where there is a cap and the price of `model` is unknown."""
    if max_usd is not None and not priced:
        raise UsageError(
            f"--max-usd cannot be kept: the price of {model} is not known",
            fix="add --price IN,OUT (USD per million prompt and completion tokens), or cap with --max-tokens",
        )


def parse_price(text: str) -> tuple[float, float]:
    """`IN,OUT` in USD per million tokens, as --price takes it. Raises UsageError."""
    parts = text.split(",")
    try:
        prices = tuple(float(p) for p in parts)
    except ValueError:
        prices = ()
    if len(prices) != 2 or not all(math.isfinite(p) and p >= 0 for p in prices):
        raise UsageError(f"not a price: {text!r}", fix="write --price IN,OUT in USD per million tokens, e.g. 3,15")
    return prices[0], prices[1]
