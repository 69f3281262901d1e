"""A real HTTP server on 127.0.0.1 that speaks the OpenAI chat protocol and misbehaves on demand.

    with OpenAIServer() as server:
        server.script = [Say("hello"), RateLimited(retry_after=0.1), ServerError()]   # one step for each request
        target = open_target("openai/test", api_base=server.url)

When the script is used up, `server.always` answers every further request. `server.requests` holds the bodies received.
It runs in a thread of its own, so it serves blocking and asynchronous clients alike, and other processes too.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

__all__ = ["Broken", "Drip", "Hang", "OpenAIServer", "Refuse", "Say", "Step"]


@dataclass(frozen=True)
class Say:
    """A well-formed answer. `calls` are (tool, raw JSON arguments); `extra` is merged into the message."""

    content: str | None = "Done."
    reasoning: str = ""
    calls: Sequence[tuple[str, str]] = ()
    finish: str = ""
    prompt_tokens: int = 100
    completion_tokens: int = 10
    cached_tokens: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self, model: str) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.content, **self.extra}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if self.calls:
            message["tool_calls"] = [
                {"id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
                for i, (name, arguments) in enumerate(self.calls)
            ]
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "system_fingerprint": "fp_server",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": self.finish or ("tool_calls" if self.calls else "stop"),
                    "message": message,
                }
            ],
            "usage": {
                "prompt_tokens": self.prompt_tokens,
                "completion_tokens": self.completion_tokens,
                "total_tokens": self.prompt_tokens + self.completion_tokens,
                "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
            },
        }


@dataclass(frozen=True)
class Refuse:
    """An error in OpenAI's form, with a status and maybe a Retry-After header."""

    status: int
    message: str = "no"
    code: str = ""
    retry_after: str = ""


@dataclass(frozen=True)
class Broken:
    """A body that is not what it says."""

    text: str
    content_type: str = "application/json"
    status: int = 200


@dataclass(frozen=True)
class Hang:
    """No answer for `seconds`."""

    seconds: float = 30.0


@dataclass(frozen=True)
class Drip:
    """One byte at a time, for `seconds`: never silent for long, and never done."""

    seconds: float = 30.0


Step = Say | Refuse | Broken | Hang | Drip
CONTEXT_LENGTH = Refuse(
    400,
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
    code="context_length_exceeded",
)


class OpenAIServer:
    """See the module's docstring."""

    def __init__(self, always: Step | Callable[[dict[str, Any]], Step] | None = None) -> None:
        self.script: list[Step] = []
        self.always = always or Say()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._ending = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                server.connections += 1

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = json.loads(raw)
                with server._lock:
                    server.requests.append(body)
                    server.headers.append({k.lower(): v for k, v in self.headers.items()})
                    server.times.append(time.monotonic())
                    step = server.script.pop(0) if server.script else server.always
                if callable(step):
                    step = step(body)
                if not self.path.endswith("/chat/completions"):
                    step = Refuse(404, f"no such path {self.path}", code="not_found")
                try:
                    self._perform(step, str(body.get("model")))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def _perform(self, step: Step, model: str) -> None:
                match step:
                    case Say():
                        self._send(200, json.dumps(step.body(model)))
                    case Refuse():
                        error = {"message": step.message, "type": "error", "code": step.code or None, "param": None}
                        headers = {"Retry-After": step.retry_after} if step.retry_after else {}
                        self._send(step.status, json.dumps({"error": error}), headers=headers)
                    case Broken():
                        self._send(step.status, step.text, kind=step.content_type)
                    case Hang():
                        server._ending.wait(step.seconds)
                        self.close_connection = True
                    case Drip():
                        self.send_response(200)
                        self.send_header("Content-Type", "application/json")
                        self.send_header("Content-Length", "1000000")
                        self.end_headers()
                        until = time.monotonic() + step.seconds
                        while time.monotonic() < until and not server._ending.wait(0.05):
                            self.wfile.write(b" ")
                            self.wfile.flush()
                        self.close_connection = True

            def _send(
                self,
                status: int,
                text: str,
                *,
                kind: str = "application/json",
                headers: Mapping[str, str] | None = None,
            ) -> None:
                data = text.encode("utf-8", "surrogatepass")
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """What --api-base takes."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
