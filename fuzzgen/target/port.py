"""One port to every model: `litellm.acompletion`, with our own retries and the episode's seed.

`open_target` checks what can be checked without a call (name, key, extra, file), so that a misspelt word costs nothing.
A target never raises for trouble that may pass: after the last retry it gives a Reply with status "error". What no
retry mends (a model the provider does not have, a refused key, a request it refuses every time) raises TargetError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from fuzzgen.errors import ProviderError
from fuzzgen.scenario.base import content_hash
from fuzzgen.scenario.rendering import Trial
from fuzzgen.scenario.transcript import Message, Reply

__all__ = ["REFUSALS", "Parameters", "Target", "call_key", "open_target", "probe"]

Parameters = Mapping[str, str | float | int]
REFUSALS = 3  # bad requests before any success that condemn the configuration


class Target(Protocol):
    """The model under test.

    `name` is LiteLLM's (or `reference/...`, `local/...`). `simulated` is True for the built-in reference agents, whose
    results say nothing of any model. `function_calling` is LiteLLM's own knowledge (True for reference/, False for
    local/). `priced` is False where the cost of its calls is unknown. `parameters` are those of the cache key.
    """

    name: str
    simulated: bool
    function_calling: bool
    priced: bool
    parameters: Parameters

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], *, trial: Trial, step: int
    ) -> Reply:
        """One answer, after retries. `tools` are schemas in OpenAI's form. Raises TargetError; see the module."""
        ...

    async def aclose(self) -> None:
        """Closes connections. The target can not be used afterwards."""
        ...


def call_key(
    messages: Sequence[Message],
    tools: Sequence[dict[str, Any]],
    model: str,
    parameters: Parameters,
    trial: Trial,
    step: int,
) -> str:
    """The name of one call, a content hash: prompt, target, parameters, phase, replicate, seed and step."""
    prompt = [m.wire() for m in messages]
    return content_hash([prompt, list(tools), model, dict(parameters), trial.phase, trial.replicate, trial.seed, step])


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
    """The target of this name.

    `timeout` is in seconds for one attempt, `retries` the attempts after the first, `price` USD per million tokens
    (prompt, completion), which overrides LiteLLM's price map. Raises TargetError for a name that no provider answers
    to, a missing key (it names the environment variable), a missing extra or model file, and UnknownName for a
    reference agent or local model that is not there.
    """
    from fuzzgen.target.calling import LiteLLMTarget

    return LiteLLMTarget(
        model,
        api_base=api_base,
        temperature=temperature,
        max_tokens=max_tokens,
        timeout=timeout,
        retries=retries,
        price=price,
    )


async def probe(target: Target, tools: Sequence[dict[str, Any]] = ()) -> None:
    """One small call, so that no budget is spent on a closed door. A simulated target needs none.

    Pass `tools` to learn whether the model takes them. Raises ProviderError where no answer comes, and TargetError
    where the call is refused as it is configured.
    """
    if target.simulated:
        return
    trial = Trial(phase="explore", replicate=0, seed=1)
    for _ in range(REFUSALS):  # a target is condemned by several refusals, not by one
        reply = await target.reply(
            [Message(role="user", content="Answer with the word ok.")], tools, trial=trial, step=0
        )
        if reply.status != "error" or reply.attempts > 1:
            break
    if reply.status == "error":
        raise ProviderError(
            f"{target.name} does not answer: {reply.error}",
            fix="check that the server runs and that --api-base is its address, then run the same command again",
        )
