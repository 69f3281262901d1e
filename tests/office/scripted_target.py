"""A target that says what a test wrote down, and the calls it makes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fuzzgen.scenario.rendering import Trial
from fuzzgen.scenario.transcript import Message, Reply, ReplyStatus, ToolCall, Usage

__all__ = ["TRIAL", "Script", "call", "says"]

TRIAL = Trial(phase="explore", replicate=1, seed=7)


def call(name: str, arguments: Any = None, number: str = "c1") -> ToolCall:
    raw = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    return ToolCall(id=number, name=name, arguments=raw)


def says(
    text: str = "", *calls: ToolCall, status: ReplyStatus = "ok", reasoning: str = "", usage: Usage | None = None
) -> Reply:
    message = Message(role="assistant", content=text, reasoning=reasoning, tool_calls=calls)
    return Reply(
        status=status, message=message, usage=usage or Usage(), latency_ms=10, error="boom" if status == "error" else ""
    )


class Script:
    """A target that gives these replies in turn, the last one again and again; `heard` is what it was sent."""

    name = "test/script"
    simulated = True
    function_calling = True
    priced = True

    def __init__(self, *replies: Reply) -> None:
        self.replies = replies
        self.parameters: dict[str, str | float | int] = {}
        self.heard: list[list[Message]] = []

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], *, trial: Trial, step: int
    ) -> Reply:
        self.heard.append(list(messages))
        return self.replies[min(step, len(self.replies)) - 1]

    async def aclose(self) -> None:
        return None
