"""The simulated agents and the local models as LiteLLM custom providers, so that every target takes the same path.

Loaded by `fuzzgen.target.lite` alone, after LiteLLM itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from litellm import ContextWindowExceededError, CustomLLM, ModelResponse

from fuzzgen.errors import FuzzgenError
from fuzzgen.target.failures import Defect

__all__ = ["custom_providers", "estimated_tokens"]

# LiteLLM looks up a price for every answer, at twice the cost of the call, unless one is stated; zero sets it searching
# for the reason. Nobody reads this number: the port knows that built-in targets are free.
_STATED_COST = 1e-12


class Reference(CustomLLM):
    """`reference/<name>?<query>`: answers as the simulated agent of that name would."""

    async def acompletion(
        self, model: str, messages: list[dict[str, Any]], optional_params: dict[str, Any], **_: Any
    ) -> ModelResponse:
        from fuzzgen.target import reference

        tools = optional_params.get("tools")
        try:
            said = reference.respond(model, messages, tools, int(optional_params.get("seed") or 0))
        except FuzzgenError:
            raise
        except Exception as error:
            raise Defect(f"the simulated agent {model} failed") from error
        calls = [(name, _arguments(given)) for name, given in said.tool_calls]
        written = said.content, said.reasoning, *(a for _, a in calls)
        return _response(
            model,
            {
                "content": said.content or None,
                "reasoning_content": said.reasoning or None,
                "tool_calls": [
                    {
                        "id": f"call_{len(messages)}_{number}",
                        "type": "function",
                        "function": {"name": name, "arguments": arguments},
                    }
                    for number, (name, arguments) in enumerate(calls)
                ]
                or None,
            },
            finish="tool_calls" if calls else "stop",
            prompt=sum(estimated_tokens(m.get("content")) for m in messages) + 120 * len(tools or ()),
            completion=sum(map(estimated_tokens, written)),
        )


class Local(CustomLLM):
    """`local/<name or path>`: a GGUF model in this process, one caller at a time."""

    async def acompletion(
        self, model: str, messages: list[dict[str, Any]], optional_params: dict[str, Any], **_: Any
    ) -> ModelResponse:
        from fuzzgen.target.llama import PromptTooLong, chat
        from fuzzgen.target.local import model_path

        try:
            said = await chat(model_path(model), messages, optional_params)
        except PromptTooLong as error:
            raise ContextWindowExceededError(message=str(error), model=model, llm_provider="local") from None
        message = {
            "content": said.content or None,
            "reasoning_content": said.reasoning or None,
            "tool_calls": said.tool_calls or None,
        }
        return _response(
            model,
            message,
            finish=said.finish_reason,
            prompt=said.prompt_tokens,
            completion=said.completion_tokens,
            cached=said.cached_tokens,
            fingerprint=said.fingerprint,
        )


def custom_providers() -> list[dict[str, Any]]:
    """What `litellm.custom_provider_map` takes."""
    return [
        {"provider": "reference", "custom_handler": Reference()},
        {"provider": "local", "custom_handler": Local()},
    ]


def estimated_tokens(text: object) -> int:
    """A cheap, plausible count: four characters a token."""
    return (len(text) + 3) // 4 if isinstance(text, str) else 0


def _arguments(given: Mapping[str, object] | str) -> str:
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def _response(
    model: str,
    message: Mapping[str, str | Sequence[Mapping[str, object]] | None],
    *,
    finish: str,
    prompt: int,
    completion: int,
    cached: int = 0,
    fingerprint: str = "",
) -> ModelResponse:
    response = ModelResponse(
        model=model,
        choices=[
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", **{k: v for k, v in message.items() if v is not None}},
            }
        ],
        usage={
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            **({"prompt_tokens_details": {"cached_tokens": cached}} if cached else {}),
        },
    )
    if fingerprint:
        response.system_fingerprint = fingerprint
    response._hidden_params["response_cost"] = _STATED_COST
    return response
