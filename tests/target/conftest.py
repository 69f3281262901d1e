"""Fixtures for whoever talks to a model in a test."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from openai_server import OpenAIServer

from fuzzgen.target import calling


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """A server of one's own, and no key in the environment."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with OpenAIServer() as running:
        yield running


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come after a hundredth of a second."""
    monkeypatch.setattr(calling, "FIRST_WAIT", 0.01)


@dataclass
class Said:
    reasoning: str = ""
    content: str = ""
    tool_calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@dataclass
class FakeReference:
    """Stands where the simulated agents stand: `answer` is what they say or raise, `heard` what they were asked."""

    answer: Said | Exception = field(default_factory=lambda: Said(content="Hello."))
    heard: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]] | None, int]] = field(default_factory=list)

    def respond(self, name: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None, seed: int) -> Said:
        self.heard.append((name, messages, tools, seed))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> FakeReference:
    import fuzzgen.target

    fake = FakeReference()
    module: Any = types.ModuleType("fuzzgen.target.reference")
    module.NAMES = ("insider", "leaker", "clean", "planted")
    module.respond = fake.respond
    module.check_name = str
    monkeypatch.setitem(sys.modules, "fuzzgen.target.reference", module)
    monkeypatch.setattr(fuzzgen.target, "reference", module, raising=False)
    return fake
