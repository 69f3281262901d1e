"""What went to and from a model, independent of provider.

Messages are those of the OpenAI protocol that LiteLLM speaks, reduced to what matters, with the reasoning kept apart.
"""

from __future__ import annotations

from typing import Any, Literal

from fuzzgen.scenario.base import Frozen
from fuzzgen.scenario.tools import Act

__all__ = ["Message", "Reply", "ReplyStatus", "ToolCall", "Transcript", "Usage"]

Role = Literal["system", "user", "assistant", "tool"]
ReplyStatus = Literal["ok", "empty", "cut_off", "filtered", "error"]


class ToolCall(Frozen):
    """A call as the model wrote it: `arguments` is its raw JSON text, which may be malformed."""

    id: str
    name: str
    arguments: str


class Message(Frozen):
    """One message of a conversation. `reasoning` is what the model thought aloud before `content`, never sent back."""

    role: Role
    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""

    def wire(self) -> dict[str, Any]:
        """The message as LiteLLM wants it."""
        out: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            out["content"] = self.content or None
            out["tool_calls"] = [
                {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
                for c in self.tool_calls
            ]
        if self.role == "tool":
            out["tool_call_id"] = self.tool_call_id
        return out


class Usage(Frozen):
    """Tokens of one call as the provider counts them; cost in USD (None where no price is known)."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None


class Reply(Frozen):
    """What one call to a target gave, after its retries. `error` names the failure where status is "error"."""

    status: ReplyStatus
    message: Message = Message(role="assistant")
    usage: Usage = Usage()
    latency_ms: float = 0.0
    finish_reason: str = ""
    fingerprint: str = ""
    reasoning_visible: bool = False
    cached: bool = False
    error: str = ""
    attempts: int = 1


class Transcript(Frozen):
    """A whole episode: the conversation as the target saw it, and the ledger of what it did.

    `ended` says why it stopped: "finished" (the agent said so), "silent" (no more tool calls), "step_cap", or the
    status of the last reply.
    """

    messages: tuple[Message, ...]
    ledger: tuple[Act, ...] = ()
    ended: str = "finished"
    steps: int = 0
    reasoning_visible: bool = False
