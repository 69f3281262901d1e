"""What a failed call means for the next one: try again, give up on this call, or give up on the target.

LiteLLM maps every provider's errors to OpenAI's exception types; where it cannot, the cause is kept in the chain of
contexts. What is not known for certain to be final is worth a retry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from fuzzgen.errors import FuzzgenError

__all__ = ["Defect", "Failure", "failure_of", "in_short"]

Kind = Literal["passing", "final", "filtered", "too_long", "refused", "misconfigured"]

_LONGEST = 400
_NOISE = re.compile(r"^(?:litellm\.\w+: |\w*Exception - |\w+Error: |Error code: \d+ - )+")
# a bad request that LiteLLM does not recognize as a filter's doing
_FILTERED = ("content_filter", "content management policy", "content policy", "responsibleaipolicyviolation")
_UNREADABLE = "Invalid response object"  # LiteLLM's word for an answer of another form than the protocol's
# 429 and yet no use in waiting
_EMPTY_PURSE = ("insufficient_quota", "exceeded your current quota", "credit balance", "billing")


class Defect(Exception):
    """A simulated agent failed: a defect of ours, not trouble of a provider. `__cause__` is what it raised."""


@dataclass(frozen=True)
class Failure:
    """`kind`: "passing" (worth a retry), "final" (this call will fail again), "filtered", "too_long" (the prompt),
    "refused" (a bad request: final for this call, and for the target if all calls are), "misconfigured".

    `wait` are the seconds the provider asks for, None where it does not say. `fix` is for "misconfigured".
    """

    kind: Kind
    message: str
    wait: float | None = None
    fix: str = ""


def failure_of(error: BaseException, lib: Any) -> Failure:
    """What `error`, raised by LiteLLM (`lib`), means. Re-raises what is ours: a FuzzgenError, the cause of a Defect."""
    for link in _chain(error):
        if isinstance(link, FuzzgenError):
            raise link
        if isinstance(link, Defect):
            raise link.__cause__ or link
    kinds = lib.exceptions
    message = in_short(error)
    match error:
        case TimeoutError() | kinds.Timeout():
            return Failure("passing", f"no answer in time: {message}" if message else "no answer in time")
        case kinds.ContextWindowExceededError():
            return Failure("too_long", f"the prompt is too long for the model: {message}")
        case kinds.ContentPolicyViolationError():
            return Failure("filtered", message)
        case kinds.AuthenticationError():
            return Failure("misconfigured", f"the provider refuses the key: {message}", fix="key")
        case kinds.NotFoundError():
            return Failure("misconfigured", f"the provider has no such model or address: {message}", fix="name")
        case kinds.RateLimitError() if any(word in message.lower() for word in _EMPTY_PURSE):
            return Failure("final", f"the account has no credit left: {message}")
        case kinds.RateLimitError():
            return Failure("passing", f"too many requests: {message}", wait=_retry_after(error))
    if _UNREADABLE in message:
        return Failure("final", "the provider's answer cannot be read")  # it was paid for; another would be no better
    status = getattr(error, "status_code", None)
    if status == 400 and any(word in f"{message} {getattr(error, 'code', '')}".lower() for word in _FILTERED):
        return Failure("filtered", message)
    if status in (400, 403, 405, 413, 415, 422) and not isinstance(error, kinds.APIConnectionError):
        return Failure("refused", f"the provider refuses the request ({status}): {message}")
    if status == 402:
        return Failure("final", f"the account has no credit left: {message}")
    return Failure("passing", message or type(error).__name__, wait=_retry_after(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(seen) < 50:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def in_short(error: BaseException) -> str:
    """One line of what it says, without LiteLLM's prefixes."""
    line = " ".join(str(getattr(error, "message", "") or error).partition("Traceback (most recent")[0].split())
    line = _NOISE.sub("", line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _retry_after(error: BaseException) -> float | None:
    """Seconds from Retry-After (seconds or a date) or retry-after-ms, wherever LiteLLM kept the headers."""
    for holder in (getattr(error, "litellm_response_headers", None), _headers(getattr(error, "response", None))):
        if not isinstance(holder, Mapping):
            continue
        headers = {str(k).lower(): str(v) for k, v in holder.items()}
        if (ms := _number(headers.get("retry-after-ms"))) is not None:
            return ms / 1000
        text = headers.get("retry-after")
        if (seconds := _number(text)) is not None:
            return seconds
        if text:
            try:
                return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
            except (TypeError, ValueError):
                continue
    return None


def _headers(response: object) -> object:
    return getattr(response, "headers", None)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None
