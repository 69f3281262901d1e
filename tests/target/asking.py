"""One question to a real server, through the target that tests are about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openai_server import OpenAIServer

from fuzzgen.scenario.rendering import Trial
from fuzzgen.scenario.transcript import Message, Reply
from fuzzgen.target.port import Target, open_target

TRIAL = Trial(phase="explore", replicate=3, seed=41)
PROMPT = (Message(role="system", content="You are Ada."), Message(role="user", content="Read the mail."))
TOOLS: tuple[dict[str, Any], ...] = (
    {
        "type": "function",
        "function": {
            "name": "send_message",
            "description": "Send.",
            "parameters": {"type": "object", "properties": {"body": {"type": "string"}}, "required": ["body"]},
        },
    },
)


@asynccontextmanager
async def opened(server: OpenAIServer, **options: Any) -> AsyncIterator[Target]:
    target = open_target("openai/test", api_base=server.url, **options)
    try:
        yield target
    finally:
        await target.aclose()


async def ask(server: OpenAIServer, *, tools: tuple[dict[str, Any], ...] = (), **options: Any) -> Reply:
    async with opened(server, **options) as target:
        return await target.reply(PROMPT, tools, trial=TRIAL, step=1)
