"""One port to every model: `litellm.acompletion`, with our own retries and the episode's seed.

A reply never raises for trouble that may pass: after the last retry it is a Reply with status "error". What no retry
mends (a wrong name, a missing key) raises TargetError.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from fuzzgen.errors import ProviderError, TargetError
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.rendering import Trial
from fuzzgen.scenario.transcript import Message, Reply
from fuzzgen.target.reading_reply import read_reply

__all__ = ["Target", "call_key", "open_target", "probe"]

Parameters = Mapping[str, str | float | int]


class Target(Protocol):
    """The model under test. `simulated` is True for the built-in reference agents."""

    name: str
    simulated: bool
    function_calling: bool
    priced: bool
    parameters: Parameters

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], *, trial: Trial, step: int
    ) -> Reply: ...

    async def aclose(self) -> None: ...


def call_key(
    messages: Sequence[Message],
    tools: Sequence[dict[str, Any]],
    model: str,
    parameters: Parameters,
    trial: Trial,
    step: int,
) -> str:
    """The name of one call: (prompt, target, parameters, phase, replicate, step)."""
    prompt = [m.wire() for m in messages]
    return content_hash([prompt, list(tools), model, dict(parameters), trial.phase, trial.replicate, trial.seed, step])


@lru_cache(maxsize=1)
def _litellm() -> Any:
    """LiteLLM, loaded late: it takes seconds, and must not fetch a price map or read a .env file."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
    os.environ.setdefault("LITELLM_LOG", "ERROR")
    import litellm

    from fuzzgen.target.providers import register

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = True
    litellm.turn_off_message_logging = True
    litellm.disable_streaming_logging = True
    register(litellm)
    return litellm


def open_target(
    model: str,
    *,
    api_base: str | None = None,
    temperature: float | None = None,
    max_tokens: int = 1500,
    timeout: float = 120.0,
    retries: int = 4,
    price: tuple[float, float] | None = None,
) -> Target:
    """The target of this name. `timeout` in seconds for one call, `price` in USD per million tokens (in, out).

    Raises TargetError for a name no provider answers to or a missing key, UnknownName for a reference agent that is not.
    """
    from fuzzgen.target.providers import check_built_in

    kind = check_built_in(model)
    parameters: dict[str, str | float | int] = {"max_tokens": max_tokens}
    if temperature is not None:
        parameters["temperature"] = temperature
    return _LiteLLMTarget(model, kind, api_base, parameters, timeout, retries, price)


class _LiteLLMTarget:
    def __init__(
        self,
        model: str,
        kind: str,
        api_base: str | None,
        parameters: dict[str, str | float | int],
        timeout: float,
        retries: int,
        price: tuple[float, float] | None,
    ) -> None:
        self.name, self.parameters = model, parameters
        self.simulated = kind == "reference"
        self._built_in = bool(kind)
        self._api_base, self._timeout, self._retries, self._price = api_base, timeout, retries, price
        self._lib = _litellm()
        if not self._built_in:
            self._check_name()
        self.function_calling = self.simulated or (not kind and self._knows_tools())
        self.priced = price is not None or self._built_in or model in self._lib.model_cost

    def _check_name(self) -> None:
        try:
            _, provider, _, _ = self._lib.get_llm_provider(self.name, api_base=self._api_base)
        except Exception:
            raise TargetError(
                f"no provider answers to the model {self.name!r}",
                fix="write PROVIDER/MODEL, for example openai/NAME with --api-base URL, or reference/insider",
            ) from None
        missing = self._lib.validate_environment(self.name).get("missing_keys") or []
        if missing and not (self._api_base and provider in ("openai", "hosted_vllm", "custom_openai")):
            raise TargetError(f"no key for {self.name}", fix=f"set the environment variable {missing[0]}")

    def _knows_tools(self) -> bool:
        if self._api_base:
            return True
        try:
            return bool(self._lib.supports_function_calling(model=self.name))
        except Exception:
            return False

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], *, trial: Trial, step: int
    ) -> Reply:
        """One call with retries. See the module's docstring for what raises and what does not."""
        arguments: dict[str, Any] = {
            "model": self.name,
            "messages": [m.wire() for m in messages],
            "seed": trial.seed,
            "timeout": self._timeout,
            "num_retries": 0,
            "max_retries": 0,
            **self.parameters,
        }
        if tools:
            arguments["tools"] = list(tools)
        if self._api_base:
            arguments["api_base"] = self._api_base
            if self.name.startswith("openai/") and "OPENAI_API_KEY" not in os.environ:
                arguments["api_key"] = "none"
        rng = random.Random(trial.seed + step)
        error = ""
        for attempt in range(1, self._retries + 2):
            begun = time.perf_counter()
            try:
                async with asyncio.timeout(self._timeout + 5):
                    response = await self._lib.acompletion(**arguments)
                latency = (time.perf_counter() - begun) * 1000
                reply = read_reply(response, latency, self._cost(response))
                if reply.status != "error":
                    return reply.model_copy(update={"attempts": attempt})
                error, pause = reply.error, 0.0
            except TimeoutError:
                error, pause = f"no answer within {self._timeout:g} s", 0.0
            except asyncio.CancelledError:
                raise
            except Exception as problem:
                self._raise_final(problem)
                error, pause = _words(problem), _retry_after(problem)
                if not _may_pass(problem):
                    return Reply(status="error", error=error, attempts=attempt)
            if attempt <= self._retries:
                await asyncio.sleep(min(60.0, pause or min(30.0, 0.5 * 2**attempt) * (0.5 + rng.random())))
        return Reply(status="error", error=error, attempts=self._retries + 1)

    def _raise_final(self, problem: Exception) -> None:
        kinds = self._lib.exceptions
        if isinstance(problem, TargetError):
            raise problem
        if isinstance(problem, (kinds.AuthenticationError, kinds.PermissionDeniedError)):
            raise TargetError(f"{self.name} refuses the key", fix="check the provider's key variable") from None
        if isinstance(problem, kinds.NotFoundError):
            raise TargetError(f"the provider has no model {self.name!r}", fix="check the model's name") from None

    def _cost(self, response: Any) -> float | None:
        if self._built_in:
            return 0.0
        usage = getattr(response, "usage", None)
        if self._price is not None:
            tokens = (int(getattr(usage, "prompt_tokens", 0) or 0), int(getattr(usage, "completion_tokens", 0) or 0))
            return (tokens[0] * self._price[0] + tokens[1] * self._price[1]) / 1e6
        if not self.priced:
            return None
        try:
            return float(self._lib.completion_cost(completion_response=response, model=self.name))
        except Exception:
            return None

    async def aclose(self) -> None:
        """Closes the connections that LiteLLM keeps."""
        close = getattr(self._lib, "close_litellm_async_clients", None)
        if close and not self._built_in:
            await close()


def _words(problem: Exception) -> str:
    return f"{type(problem).__name__}: {str(problem).strip()[:500]}"


def _may_pass(problem: Exception) -> bool:
    status = getattr(problem, "status_code", None)
    return not isinstance(status, int) or status in (408, 409, 425, 429) or status >= 500


def _retry_after(problem: Exception) -> float:
    headers = getattr(getattr(problem, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", 0)))
    except (TypeError, ValueError):
        return 0.0


async def probe(target: Target) -> None:
    """One small call. Raises ProviderError where no answer comes, so that no budget is spent on a closed door."""
    trial = Trial(phase="explore", replicate=0, seed=1)
    reply = await target.reply([Message(role="user", content="Say ok.")], (), trial=trial, step=0)
    if reply.status == "error":
        raise ProviderError(f"{target.name} does not answer: {reply.error}", fix="check the server and --api-base")
