"""What a target makes of a server that is slow, broken, closed or refuses, and of many calls at once."""

from __future__ import annotations

import asyncio
import time

import pytest
from asking import PROMPT, TOOLS, TRIAL, ask, opened
from openai_server import CONTEXT_LENGTH, Drip, Hang, OpenAIServer, Refuse, Say

from fuzzgen.errors import ProviderError, TargetError
from fuzzgen.scenario.rendering import Trial
from fuzzgen.target import calling
from fuzzgen.target.port import open_target, probe


async def test_after_429_the_call_waits_as_long_as_it_is_told(server: OpenAIServer) -> None:
    server.script = [Refuse(429, "slow down", retry_after="0.4"), Say("Now.")]
    reply = await ask(server)
    assert (reply.status, reply.attempts, reply.message.content) == ("ok", 2, "Now.")
    assert server.times[1] - server.times[0] >= 0.4


async def test_when_one_call_is_told_to_wait_new_calls_wait_too(server: OpenAIServer) -> None:
    server.script = [Refuse(429, retry_after="0.5")]
    async with opened(server) as target:
        first = asyncio.create_task(target.reply(PROMPT, (), trial=TRIAL, step=1))
        while not server.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        await target.reply(PROMPT, (), trial=TRIAL, step=1)
        await first
    assert server.times[1] - server.times[0] >= 0.5


@pytest.mark.parametrize("status", [500, 502, 503, 529, 408, 409])
async def test_a_passing_failure_is_tried_again(server: OpenAIServer, status: int) -> None:
    server.script = [Refuse(status), Refuse(status), Say("At last.")]
    reply = await ask(server)
    assert (reply.status, reply.attempts, reply.message.content) == ("ok", 3, "At last.")


async def test_a_server_that_stays_broken_gives_an_error_after_the_last_retry(server: OpenAIServer) -> None:
    server.always = Refuse(500, "the engine is on fire")
    reply = await ask(server, retries=2)
    assert (reply.status, reply.attempts, len(server.requests)) == ("error", 3, 3)
    assert "the engine is on fire" in reply.error


@pytest.mark.parametrize("step", [Hang(), Drip()])
async def test_an_answer_that_never_ends_is_a_timeout(
    server: OpenAIServer, step: Hang | Drip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "GRACE", 0.2)
    server.always = step
    begun = time.monotonic()
    reply = await ask(server, timeout=0.5, retries=1)
    assert (reply.status, reply.attempts) == ("error", 2)
    assert "no answer in time" in reply.error
    assert time.monotonic() - begun < 8


async def test_after_a_timeout_the_next_attempt_can_succeed(server: OpenAIServer) -> None:
    server.script = [Hang(), Say("Back.")]
    reply = await ask(server, timeout=0.5)
    assert (reply.status, reply.attempts, reply.message.content) == ("ok", 2, "Back.")


async def test_a_prompt_that_is_too_long_is_an_error_in_clear_words_and_not_retried(server: OpenAIServer) -> None:
    server.always = CONTEXT_LENGTH
    reply = await ask(server)
    assert (reply.status, reply.attempts) == ("error", 1)
    assert "the prompt is too long" in reply.error
    assert "8192" in reply.error


async def test_a_refused_key_names_the_variable(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-one")
    server.always = Refuse(401, "Incorrect API key provided: sk-not-one", code="invalid_api_key")
    with pytest.raises(TargetError, match="OPENAI_API_KEY") as caught:
        await ask(server)
    assert len(server.requests) == 1
    assert caught.value.exit_code == 2


async def test_a_model_the_server_does_not_have_is_a_usage_error(server: OpenAIServer) -> None:
    server.always = Refuse(404, "The model `test` does not exist", code="model_not_found")
    with pytest.raises(TargetError, match=r"check --model and --api-base"):
        await ask(server)


async def test_one_bad_request_is_an_error_but_nothing_else_condemns_the_target(server: OpenAIServer) -> None:
    server.script = [Say(), *[Refuse(400, "odd message")] * 9]
    async with opened(server) as target:
        replies = [await target.reply(PROMPT, (), trial=TRIAL, step=1) for _ in range(10)]
    assert [r.status for r in replies] == ["ok"] + ["error"] * 9
    assert all(r.attempts == 1 for r in replies)


async def test_a_target_that_refuses_every_request_is_a_usage_error(server: OpenAIServer) -> None:
    server.always = Refuse(400, "this model does not support tools")
    async with opened(server) as target:
        with pytest.raises(TargetError, match="does not support tools"):
            for _ in range(5):
                await target.reply(PROMPT, TOOLS, trial=TRIAL, step=1)
    assert len(server.requests) == calling.REFUSALS


async def test_an_empty_account_is_not_waited_for(server: OpenAIServer) -> None:
    server.always = Refuse(429, "You exceeded your current quota", code="insufficient_quota")
    reply = await ask(server)
    assert (reply.status, reply.attempts) == ("error", 1)
    assert "no credit" in reply.error


async def test_probe_passes_where_the_server_answers(server: OpenAIServer) -> None:
    async with opened(server) as target:
        await probe(target)
    assert len(server.requests) == 1


async def test_probe_says_that_nobody_listens(server: OpenAIServer) -> None:
    target = open_target("openai/test", api_base="http://127.0.0.1:9/v1", retries=1)
    with pytest.raises(ProviderError, match="openai/test does not answer") as caught:
        await probe(target)
    assert caught.value.exit_code == 3
    await target.aclose()


async def test_probe_says_that_the_model_takes_no_tools(server: OpenAIServer) -> None:
    server.always = Refuse(400, "this model does not support tools")
    async with opened(server) as target:
        with pytest.raises(TargetError, match="does not support tools"):
            await probe(target, TOOLS)


async def test_a_cancelled_call_ends_at_once(server: OpenAIServer) -> None:
    server.always = Hang()
    async with opened(server) as target:
        call = asyncio.create_task(target.reply(PROMPT, (), trial=TRIAL, step=1))
        while not server.requests:
            await asyncio.sleep(0.01)
        begun = time.monotonic()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert time.monotonic() - begun < 1


async def test_many_calls_at_once_share_connections_and_all_come_back(server: OpenAIServer) -> None:
    server.always = lambda body: Say(str(body["seed"]))
    async with opened(server) as target:

        async def one(seed: int) -> str:
            trial = Trial(phase="explore", replicate=seed, seed=seed)
            return (await target.reply(PROMPT, TOOLS, trial=trial, step=1)).message.content

        gate = asyncio.Semaphore(16)

        async def gated(seed: int) -> str:
            async with gate:
                return await one(seed)

        answers = await asyncio.gather(*[gated(s) for s in range(100)])
    assert answers == [str(s) for s in range(100)]
    assert server.connections <= 40


def test_a_target_works_in_one_event_loop_after_another(server: OpenAIServer) -> None:
    for _ in range(2):
        assert asyncio.run(ask(server)).status == "ok"
