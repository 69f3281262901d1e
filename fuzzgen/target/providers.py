"""Reference agents and local models as LiteLLM custom providers, so that every target goes through the same call."""

from __future__ import annotations

from typing import Any, Literal

from fuzzgen.errors import UnknownName

__all__ = ["check_built_in", "register"]


def check_built_in(model: str) -> Literal["", "reference", "local"]:
    """Which built-in provider a name belongs to. Raises UnknownName for one that is not there."""
    provider, _, name = model.partition("/")
    if provider == "reference":
        from fuzzgen.target.reference import NAMES, check_name

        if not name:
            raise UnknownName("reference agent", name, NAMES)
        check_name(name)
        return "reference"
    if provider == "local":
        from fuzzgen.target.local import check_model

        check_model(name)
        return "local"
    return ""


def register(litellm: Any) -> None:
    """Tells LiteLLM about both providers."""

    class Reference(litellm.CustomLLM):  # type: ignore[misc,name-defined]  # LiteLLM is loaded late
        async def acompletion(
            self, model: str, messages: list[dict[str, Any]], optional_params: dict[str, Any], **_: Any
        ) -> Any:
            from fuzzgen.target.reference import respond

            reply = respond(model, messages, optional_params.get("tools"), int(optional_params.get("seed") or 0))
            return _response(litellm, model, messages, reply.content, reply.reasoning, reply.tool_calls)

    class Local(litellm.CustomLLM):  # type: ignore[misc,name-defined]  # LiteLLM is loaded late
        async def acompletion(
            self, model: str, messages: list[dict[str, Any]], optional_params: dict[str, Any], **_: Any
        ) -> Any:
            from fuzzgen.target.local import complete

            return litellm.ModelResponse(**await complete(model, messages, optional_params))

    litellm.custom_provider_map = [
        {"provider": "reference", "custom_handler": Reference()},
        {"provider": "local", "custom_handler": Local()},
    ]
    from litellm.utils import custom_llm_setup

    custom_llm_setup()


def _response(
    litellm: Any,
    model: str,
    messages: list[dict[str, Any]],
    content: str,
    reasoning: str,
    tool_calls: tuple[tuple[str, str], ...],
) -> Any:
    prompt = sum(len(str(m.get("content") or "")) for m in messages) // 4
    completion = (len(content) + len(reasoning) + sum(len(a) for _, a in tool_calls)) // 4
    message: dict[str, Any] = {"role": "assistant", "content": content or None}
    if reasoning:
        message["reasoning_content"] = reasoning
    if tool_calls:
        message["tool_calls"] = [
            {"id": f"call_{len(messages)}_{i}", "type": "function", "function": {"name": n, "arguments": a}}
            for i, (n, a) in enumerate(tool_calls)
        ]
    return litellm.ModelResponse(
        model=model,
        choices=[{"index": 0, "finish_reason": "tool_calls" if tool_calls else "stop", "message": message}],
        usage={"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion},
    )
