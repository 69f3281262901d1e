"""The one target there is: a model behind LiteLLM, called with bounded retries.

LiteLLM's own retries are off. Ours wait as long as the provider asks for, else twice as long each time, with jitter so
that a hundred episodes do not come back at once; when one call is told to wait, the others of the target wait too.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from fuzzgen.errors import TargetError, nearest
from fuzzgen.scenario.rendering import Trial
from fuzzgen.scenario.transcript import Message, Reply, Usage
from fuzzgen.target.failures import Failure, failure_of
from fuzzgen.target.lite import close_clients, litellm, quietly
from fuzzgen.target.port import REFUSALS, Parameters
from fuzzgen.target.reading_reply import read_reply

__all__ = ["LONGEST_WAIT", "LiteLLMTarget", "backoff", "wire_messages"]

FIRST_WAIT = 0.5  # seconds
LONGEST_WAIT = 60.0  # seconds, also where the provider asks for more
GRACE = 2.0  # seconds beyond `timeout` for an answer that arrives drop by drop

# Where LiteLLM says that a call costs nothing, it does only there.
_FREE = ("ollama", "ollama_chat", "lm_studio", "hosted_vllm", "llamafile", "vllm")
# Providers that hide or summarize what their models think, unless they serve somebody else's (api_base).
_SUMMARIZING = ("anthropic", "openai", "azure", "gemini", "vertex_ai", "vertex_ai_beta", "bedrock", "bedrock_converse")

_open = 0  # targets that use HTTP clients; LiteLLM keeps these for all of them together


class LiteLLMTarget:
    """See `fuzzgen.target.port.open_target` for what the arguments mean and what is raised."""

    def __init__(
        self,
        model: str,
        *,
        api_base: str | None,
        temperature: float | None,
        max_tokens: int,
        timeout: float,
        retries: int,
        price: tuple[float, float] | None,
    ) -> None:
        self.name = model
        asked: dict[str, str | float | int] = {"max_tokens": max_tokens}
        if temperature is not None:
            asked["temperature"] = temperature
        self._timeout, self._retries, self._price = timeout, max(0, retries), price
        provider, _, rest = model.partition("/")
        self.simulated = provider == "reference"
        self._built_in = provider in ("reference", "local")
        if provider == "reference":
            from fuzzgen.target.reference import check_name

            check_name(rest)
        elif provider == "local":
            from fuzzgen.target.local import model_path

            model_path(rest)
        self._lib = litellm()
        extra: dict[str, Any] = {}
        if not self._built_in:
            provider = self._provider(api_base)
            extra = self._address(provider, api_base)
        self.parameters: Parameters = {**asked, "api_base": api_base} if "api_base" in extra and api_base else asked
        self.function_calling = self.simulated or (not self._built_in and self._takes_tools())
        self.priced = price is not None or self._built_in or self._has_price(provider)
        self._served_by = provider
        self._full_reasoning = bool(api_base) or provider not in _SUMMARIZING
        self._fixed: dict[str, Any] = {
            **asked,
            **extra,
            "model": model,
            "timeout": timeout,
            "num_retries": 0,
            "max_retries": 0,
        }
        self._not_before = 0.0
        self._answered = self._closed = False
        self._refused = 0
        if not self._built_in:
            global _open
            _open += 1

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], *, trial: Trial, step: int
    ) -> Reply:
        """One answer, after retries. Raises TargetError for what no retry mends."""
        arguments = {**self._fixed, "messages": wire_messages(messages), "seed": trial.seed}
        if tools:
            arguments["tools"] = list(tools)
        attempt = 1
        while True:
            await self._wait_for_room()
            begun = time.perf_counter()
            try:
                return (await self._ask(arguments, begun)).model_copy(update={"attempts": attempt})
            except Exception as error:
                failure = failure_of(error, self._lib)
            latency = (time.perf_counter() - begun) * 1000
            if failure.kind == "filtered":
                message = Message(role="assistant")
                return Reply(status="filtered", message=message, latency_ms=latency, attempts=attempt)
            self._condemn(failure)
            if failure.kind != "passing" or attempt > self._retries:
                return Reply(status="error", error=failure.message, latency_ms=latency, attempts=attempt)
            delay = backoff(attempt, failure.wait, random.random())
            if failure.wait is not None:
                self._not_before = max(self._not_before, time.monotonic() + min(failure.wait, LONGEST_WAIT))
            await asyncio.sleep(delay)
            attempt += 1

    async def _ask(self, arguments: Mapping[str, Any], begun: float) -> Reply:
        # a local model takes one caller at a time and is bounded by max_tokens: waiting in line is no timeout
        async with asyncio.timeout(None if self._built_in else self._timeout + GRACE):
            with quietly():
                response = await self._lib.acompletion(**arguments)
        latency = (time.perf_counter() - begun) * 1000
        self._answered = True
        reply = read_reply(response, latency_ms=latency, full_reasoning=self._full_reasoning)
        return reply.model_copy(update={"usage": self._usage(reply, response, arguments["messages"])})

    async def _wait_for_room(self) -> None:
        rest = self._not_before - time.monotonic()
        if rest > 0:
            await asyncio.sleep(min(rest, LONGEST_WAIT) + random.random() * FIRST_WAIT)

    def _condemn(self, failure: Failure) -> None:
        """Raises TargetError where the failure lies in how the target is configured."""
        if failure.kind == "misconfigured":
            key = f"check the key in the environment variable {self._key_name()}"
            fix = key if failure.fix == "key" else "check --model and --api-base"
            raise TargetError(f"{self.name}: {failure.message}", fix=fix)
        if failure.kind == "refused" and not self._answered:
            self._refused += 1
            if self._refused >= REFUSALS:
                raise TargetError(
                    f"{self.name}: {failure.message}",
                    fix="every call so far was refused; check --model and --protocol, or try --protocol inbox",
                )

    def _provider(self, api_base: str | None) -> str:
        try:
            _, provider, _, _ = self._lib.get_llm_provider(self.name, api_base=api_base)
        except Exception:
            word = self.name.partition("/")[0]
            known = {str(getattr(p, "value", p)) for p in self._lib.provider_list}
            close = " or ".join(f"{c}/…" for c in nearest(word, known)) if "/" in self.name else ""
            raise TargetError(
                f"no provider answers to the model {self.name!r}",
                fix=(f"did you mean {close}? " if close else "")
                + "write PROVIDER/MODEL as LiteLLM does, openai/MODEL with --api-base URL for a server of your own, "
                "or reference/insider for the built-in simulated agent",
            ) from None
        return str(provider)

    def _address(self, provider: str, api_base: str | None) -> dict[str, Any]:
        """Address and key for the call. Raises TargetError for a key that is missing."""
        missing = self._missing_keys()
        if api_base:
            # a server of one's own rarely wants a key, but the client insists on sending one
            return {"api_base": api_base, **({"api_key": "none"} if missing else {})}
        if missing:
            raise TargetError(f"there is no key for {self.name}", fix=f"set the environment variable {missing[0]}")
        return {}

    def _missing_keys(self) -> list[str]:
        """Environment variables of which LiteLLM wants one; none where it asks for more than a key (cloud accounts)."""
        try:
            missing = [str(k) for k in self._lib.validate_environment(self.name).get("missing_keys") or []]
        except Exception:
            return []
        return missing if all(k.endswith("_API_KEY") for k in missing) else []

    def _key_name(self) -> str:
        """The variable that the provider's key is most likely read from."""
        plain = [f"{word.upper()}_API_KEY" for word in (self._served_by, self._served_by.replace("_", ""))]
        return next((name for name in plain if name in os.environ), plain[0])

    def _takes_tools(self) -> bool:
        try:
            return bool(self._lib.supports_function_calling(model=self.name))
        except Exception:
            return False

    def _has_price(self, provider: str) -> bool:
        try:
            info = self._lib.get_model_info(self.name)
        except Exception:
            return False
        cost = (info.get("input_cost_per_token"), info.get("output_cost_per_token"))
        return None not in cost and (any(cost) or provider in _FREE)

    def _usage(self, reply: Reply, response: Any, messages: Sequence[Mapping[str, Any]]) -> Usage:
        """What one call took: the provider's figures; where it gives none, LiteLLM's count of the texts.

        A cap in tokens or dollars could not be kept otherwise.
        """
        usage, said = reply.usage, True
        if not usage.prompt_tokens and not self._built_in:
            said = False
            answer = reply.message
            spoken = "\n".join([answer.reasoning, answer.content, *(c.arguments for c in answer.tool_calls)])
            usage = usage.model_copy(
                update={
                    "prompt_tokens": self._count("\n".join(json.dumps(m, ensure_ascii=False) for m in messages)),
                    "completion_tokens": usage.completion_tokens or self._count(spoken),
                }
            )
        return usage.model_copy(update={"cost_usd": self._cost(usage, response if said else None)})

    def _count(self, text: str) -> int:
        try:
            return int(self._lib.token_counter(model=self.name, text=text))
        except Exception:
            return len(text) // 3 + 1

    def _cost(self, usage: Usage, response: Any) -> float | None:
        """USD of one call, never below zero. With `price` cached tokens count in full: an upper bound."""
        if self._price is not None:
            return (usage.prompt_tokens * self._price[0] + usage.completion_tokens * self._price[1]) / 1e6
        if self._built_in:
            return 0.0
        if not self.priced:
            return None
        cost = (getattr(response, "_hidden_params", None) or {}).get("response_cost")
        if cost is None:
            try:
                cost = sum(
                    self._lib.cost_per_token(
                        model=self.name,
                        prompt_tokens=usage.prompt_tokens,
                        completion_tokens=usage.completion_tokens,
                    )
                )
            except Exception:
                return None
        return max(0.0, float(cost)) if isinstance(cost, int | float) and math.isfinite(cost) else None

    async def aclose(self) -> None:
        """Closes the connections, once the last target is closed that shares them."""
        if self._built_in or self._closed:
            return
        global _open
        self._closed = True
        _open -= 1
        if _open == 0:
            await close_clients()


def backoff(attempt: int, asked: float | None, chance: float) -> float:
    """Seconds before the next attempt: what the provider asks for, else 0.5, 1, 2 ... halved to doubled by `chance`.

    `chance` is uniform in [0, 1). Never more than LONGEST_WAIT and a quarter of it.
    """
    if asked is not None:
        return min(asked, LONGEST_WAIT) * (1 + chance / 4)
    return float(min(FIRST_WAIT * 2 ** min(attempt - 1, 20), LONGEST_WAIT) * (0.5 + 0.75 * chance))


def wire_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The conversation as LiteLLM wants it.

    Tool arguments that are no JSON object are sent back inside one: several providers parse them, and would refuse
    the rest of the conversation for a slip of the model's own.
    """
    wired = [m.wire() for m in messages]
    for message in wired:
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = _object_text(call["function"]["arguments"])
    return wired


def _object_text(arguments: str) -> str:
    try:
        if isinstance(json.loads(arguments), dict):
            return arguments
    except (ValueError, RecursionError):
        pass
    return json.dumps({"malformed": arguments}) if arguments.strip() else "{}"
