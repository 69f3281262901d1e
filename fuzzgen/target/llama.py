"""Runs a GGUF model in this process with xllamacpp (llama.cpp), off the event loop and one caller at a time.

The answer is read as it is written, so that a cancelled caller stops it at the next token instead of after the last.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzzgen.errors import TargetError
from fuzzgen.target.reading_reply import MAX_TEXT

__all__ = ["CONTEXT", "LocalAnswer", "PromptTooLong", "chat"]

CONTEXT = 8192  # tokens of prompt and answer together
_ASKED = ("temperature", "top_p", "max_tokens", "seed", "tools", "stop")

_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fuzzgen-llama")
_loaded: dict[Path, Any] = {}  # touched by the worker alone


class PromptTooLong(Exception):
    """The prompt does not fit into the model's context."""


@dataclass
class LocalAnswer:
    """What the model said, as it is put together from the pieces that arrive."""

    content: str = ""
    reasoning: str = ""
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    fingerprint: str = ""
    error: Mapping[str, Any] | None = None

    def take(self, chunk: Mapping[str, Any]) -> None:
        """Adds one piece, in the form of OpenAI's stream."""
        if isinstance(chunk.get("error"), Mapping):
            self.error = chunk["error"]
            return
        self.fingerprint = str(chunk.get("system_fingerprint") or self.fingerprint)
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or choice.get("message") or {}
            self.content += delta.get("content") or ""
            self.reasoning += delta.get("reasoning_content") or ""
            for part in delta.get("tool_calls") or ():
                self._take_call(part)
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
        if usage := chunk.get("usage"):
            self.prompt_tokens = int(usage.get("prompt_tokens") or 0)
            self.completion_tokens = int(usage.get("completion_tokens") or 0)
            self.cached_tokens = int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)

    def _take_call(self, part: Mapping[str, Any]) -> None:
        index = int(part.get("index") or 0)
        while len(self.tool_calls) <= min(index, 63):
            self.tool_calls.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        call = self.tool_calls[min(index, 63)]
        call["id"] = part.get("id") or call["id"]
        function = part.get("function") or {}
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""


async def chat(path: Path, messages: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> LocalAnswer:
    """The model's answer, in its own chat template, with the seed, temperature and max_tokens that are `asked`.

    Raises PromptTooLong, TargetError for a file that is no usable model, RuntimeError for any other failure.
    """
    body = {
        "messages": [{**m, "content": m.get("content") or ""} for m in messages],
        **{k: asked[k] for k in _ASKED if asked.get(k) is not None},
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    stop = threading.Event()
    try:
        return await asyncio.get_running_loop().run_in_executor(_worker, _generate, path, body, stop)
    except asyncio.CancelledError:
        stop.set()
        raise


def _generate(path: Path, body: dict[str, Any], stop: threading.Event) -> LocalAnswer:
    answer = LocalAnswer()
    server = _server(path)

    def hear(chunk: Any) -> bool:
        """True ends it."""
        for piece in chunk if isinstance(chunk, list) else [chunk]:
            if isinstance(piece, Mapping):
                answer.take(piece)
        return stop.is_set() or len(answer.content) > MAX_TEXT

    returned = server.handle_chat_completions(body, hear)
    if isinstance(returned, Mapping):
        answer.take(returned)
    if answer.error is not None:
        words = str(answer.error.get("message") or answer.error)
        if "context" in words and "exceed" in words:
            raise PromptTooLong(words.partition(", try")[0])
        raise RuntimeError(f"{path.name}: {words}")
    return answer


def _server(path: Path) -> Any:
    """The loaded model. It stays for the life of the process: loading takes about a second."""
    path = path.resolve()
    if path not in _loaded:
        # Its threads wait for each other in busy loops unless told otherwise: then any other work on the machine slows it
        # down many times (measured on two busy cores: 12 tokens/s against 2). OpenMP reads this when it is loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        try:
            import xllamacpp
        except ImportError:
            from fuzzgen.target.local import EXTRA

            raise TargetError("local models need an extra that is not installed", fix=EXTRA) from None
        try:
            _loaded[path] = xllamacpp.Server(_parameters(xllamacpp, path))
        except RuntimeError:
            raise TargetError(
                f"{path} is not a model that llama.cpp can load", fix="check the file; `fuzzgen local install` gets one"
            ) from None
    return _loaded[path]


def _parameters(xllamacpp: Any, path: Path) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.warmup = False
    parameters.verbosity = -1  # silence
    parameters.ui = parameters.endpoint_slots = False
    for threads in (parameters.cpuparams, parameters.cpuparams_batch):
        threads.n_threads = os.cpu_count() or 1
    # it opens a port on the loopback interface, which nobody here uses; nobody else shall
    parameters.api_keys = [secrets.token_hex(16)]
    return parameters
