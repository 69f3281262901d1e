"""What has been spent, and whether a cap is reached. Pure addition: no clock, no prices."""

from __future__ import annotations

from typing import Literal

__all__ = ["Meter"]


class Meter:
    """Adds up tokens and US dollars. `cost_usd` is None as long as no call had a known price."""

    def __init__(self, *, max_usd: float | None = None, max_tokens: int | None = None) -> None:
        self.max_usd, self.max_tokens = max_usd, max_tokens
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cached_tokens = 0
        self.cost_usd: float | None = None

    def add_totals(self, prompt: int, completion: int, cached: int, cost_usd: float | None) -> None:
        """Counts one episode or call: tokens, and USD where the price is known."""
        self.prompt_tokens += prompt
        self.completion_tokens += completion
        self.cached_tokens += cached
        if cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + cost_usd

    def reached(self) -> Literal["max_usd", "max_tokens"] | None:
        """The cap that is reached, if any."""
        if self.max_usd is not None and (self.cost_usd or 0.0) >= self.max_usd:
            return "max_usd"
        if self.max_tokens is not None and self.prompt_tokens + self.completion_tokens >= self.max_tokens:
            return "max_tokens"
        return None
