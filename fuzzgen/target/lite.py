"""LiteLLM, loaded late and kept lean: it takes seconds to import, and by default prints, phones and counts costs.

Nothing else in fuzzgen imports it. Its own logging of successes and failures costs more than the rest of a call; the
context variable that LiteLLM sets around its own inner calls switches that off, and is optional here.
"""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["close_clients", "litellm", "quietly"]


@lru_cache(maxsize=1)
def litellm() -> Any:
    """The configured module. The environment comes first: it is read on import."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no download of a price map
    os.environ["LITELLM_MODE"] = "PRODUCTION"  # no .env file is read
    os.environ.setdefault("LITELLM_LOG", "CRITICAL")
    import litellm as lib

    # answers of an odd form: what is wrong with them is said once, by the reply
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings", category=UserWarning)
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    lib.suppress_debug_info = True
    lib.set_verbose = False
    lib.telemetry = False
    lib.drop_params = True  # a provider without `seed` or `temperature` still answers
    lib.num_retries = None
    lib.callbacks, lib.success_callback, lib.failure_callback = [], [], []
    lib.redact_messages_in_exceptions = True

    from fuzzgen.target.providers import custom_providers

    lib.custom_provider_map = custom_providers()
    from litellm.utils import custom_llm_setup

    custom_llm_setup()
    return lib


@lru_cache(maxsize=1)
def _internal() -> Any:
    try:
        from litellm._internal_context import is_internal_call
    except ImportError:  # another release: calls are slower, nothing else
        return None
    return is_internal_call


def quietly() -> AbstractContextManager[None]:
    """Around a call: LiteLLM schedules no logging of its own."""
    variable = _internal()
    return nullcontext() if variable is None else _set(variable)


@contextmanager
def _set(variable: Any) -> Iterator[None]:
    token = variable.set(True)
    try:
        yield
    finally:
        variable.reset(token)


async def close_clients() -> None:
    """Closes the HTTP clients that LiteLLM keeps for everybody."""
    close = getattr(litellm(), "close_litellm_async_clients", None)
    if close is not None:
        await close()
