"""What a target makes of the answers of a real HTTP server, through LiteLLM itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from asking import PROMPT, TOOLS, TRIAL, ask, opened
from openai_server import Broken, OpenAIServer, Refuse, Say

from fuzzgen.scenario.transcript import Message, ToolCall
from fuzzgen.target.port import call_key, open_target
from fuzzgen.target.reading_reply import MAX_REPLY


async def test_a_plain_answer_carries_text_tokens_and_fingerprint(server: OpenAIServer) -> None:
    server.script = [Say("All read.", prompt_tokens=120, completion_tokens=7, cached_tokens=64)]
    reply = await ask(server, temperature=0.5, max_tokens=77)
    assert (reply.status, reply.message.content, reply.finish_reason) == ("ok", "All read.", "stop")
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.cached_tokens) == (120, 7, 64)
    assert reply.usage.cost_usd is None, "no price is known for this model"
    assert (reply.fingerprint, reply.attempts, reply.reasoning_visible) == ("fp_server", 1, False)
    assert reply.latency_ms > 0


async def test_the_request_carries_seed_temperature_cap_and_tools(server: OpenAIServer) -> None:
    await ask(server, tools=TOOLS, temperature=0.5, max_tokens=77)
    sent = server.requests[0]
    assert (sent["model"], sent["seed"], sent["temperature"], sent["max_tokens"]) == ("test", 41, 0.5, 77)
    assert [t["function"]["name"] for t in sent["tools"]] == ["send_message"]
    assert [m["role"] for m in sent["messages"]] == ["system", "user"]
    assert not sent.get("stream")


async def test_without_a_temperature_the_provider_s_own_holds(server: OpenAIServer) -> None:
    await ask(server)
    assert "temperature" not in server.requests[0]
    assert "tools" not in server.requests[0]


async def test_tool_calls_are_kept_as_the_model_wrote_them(server: OpenAIServer) -> None:
    server.script = [Say(None, calls=[("send_message", '{"body": "hi"}'), ("send_message", '{"body": ')])]
    reply = await ask(server, tools=TOOLS)
    assert reply.status == "ok"
    assert [(c.name, c.arguments) for c in reply.message.tool_calls] == [
        ("send_message", '{"body": "hi"}'),
        ("send_message", '{"body": '),
    ]
    assert len({c.id for c in reply.message.tool_calls}) == 2


async def test_malformed_arguments_go_back_as_an_object(server: OpenAIServer) -> None:
    slip = Message(role="assistant", tool_calls=(ToolCall(id="c1", name="send_message", arguments='{"body": '),))
    answer = Message(role="tool", tool_call_id="c1", content="bad arguments")
    async with opened(server) as target:
        await target.reply((*PROMPT, slip, answer), TOOLS, trial=TRIAL, step=2)
    call = server.requests[0]["messages"][2]["tool_calls"][0]["function"]
    assert json.loads(call["arguments"]) == {"malformed": '{"body": '}


@pytest.mark.parametrize(
    ("step", "content"),
    [
        (Say("Done.", reasoning="I could use this."), "Done."),
        (Say("<think>I could use this.</think>Done."), "Done."),
        (Say("<SCRATCHPAD_REASONING>\nI could use this.\n</SCRATCHPAD_REASONING>\n\nDone."), "Done."),
        (Say("<scratchpad>I could use this.</scratchpad>", calls=[("send_message", "{}")]), ""),
    ],
)
async def test_reasoning_is_split_off_wherever_it_stands(server: OpenAIServer, step: Say, content: str) -> None:
    server.script = [step]
    reply = await ask(server, tools=TOOLS)
    assert (reply.message.reasoning, reply.message.content) == ("I could use this.", content)
    assert reply.reasoning_visible
    assert reply.status == "ok"


async def test_reasoning_is_never_sent_back(server: OpenAIServer) -> None:
    thought = Message(role="assistant", content="Done.", reasoning="secret thought")
    async with opened(server) as target:
        await target.reply((*PROMPT, thought, Message(role="user", content="And?")), (), trial=TRIAL, step=2)
    assert "secret thought" not in json.dumps(server.requests)


async def test_a_cut_off_answer_says_so_and_keeps_its_text(server: OpenAIServer) -> None:
    server.script = [Say("<think>I was going to", finish="length"), Say("Dear", finish="length")]
    async with opened(server) as target:
        thinking = await target.reply(PROMPT, (), trial=TRIAL, step=1)
        writing = await target.reply(PROMPT, (), trial=TRIAL, step=1)
    assert (thinking.status, thinking.message.reasoning, thinking.message.content) == ("cut_off", "I was going to", "")
    assert (writing.status, writing.message.content) == ("cut_off", "Dear")


async def test_an_empty_answer_is_empty_and_not_retried(server: OpenAIServer) -> None:
    server.script = [Say(""), Say(None), Say("<think>hm</think>")]
    async with opened(server) as target:
        replies = [await target.reply(PROMPT, (), trial=TRIAL, step=1) for _ in range(3)]
    assert [r.status for r in replies] == ["empty"] * 3
    assert replies[2].message.reasoning == "hm"


@pytest.mark.parametrize(
    "step",
    [Say("", finish="content_filter"), Refuse(400, "flagged by content management policy", code="content_filter")],
)
async def test_a_filtered_answer_is_no_error(server: OpenAIServer, step: Say | Refuse) -> None:
    server.script = [step]
    reply = await ask(server)
    assert (reply.status, reply.attempts) == ("filtered", 1)


@pytest.mark.parametrize(
    "step",
    [
        Broken('{"choices": [{"message": {"content": "half'),
        Broken("<html>Bad gateway</html>", content_type="text/html"),
        Broken("{}"),
        Broken('{"choices": []}'),
        Broken('{"choices": null, "usage": "many"}'),
        Broken('[1, 2, "three"]'),
        Broken("null"),
        Broken(""),
        Broken("[" * 100_000),
    ],
)
async def test_a_broken_body_is_an_error_after_retries_and_never_a_crash(server: OpenAIServer, step: Broken) -> None:
    server.always = step
    reply = await ask(server, retries=1)
    assert (reply.status, reply.attempts, len(server.requests)) == ("error", 2, 2)
    assert reply.error


async def test_lone_surrogates_and_endless_texts_are_made_storable(server: OpenAIServer) -> None:
    server.script = [Say("half \ud83d pair"), Say("x" * 300_000)]
    async with opened(server) as target:
        half = await target.reply(PROMPT, (), trial=TRIAL, step=1)
        endless = await target.reply(PROMPT, (), trial=TRIAL, step=1)
    assert half.model_dump_json().encode("utf-8")
    assert half.message.content == "half \ufffd pair"
    assert (len(endless.message.content), endless.status) == (200_000, "cut_off")


async def test_a_stated_price_is_charged(server: OpenAIServer) -> None:
    server.script = [Say(prompt_tokens=1_000_000, completion_tokens=100_000)]
    async with opened(server, price=(2.0, 10.0)) as target:
        assert target.priced
        reply = await target.reply(PROMPT, (), trial=TRIAL, step=1)
    assert reply.usage.cost_usd == pytest.approx(3.0)


async def test_a_known_model_is_charged_by_litellm_s_price_map(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    target = open_target("openai/gpt-4o", api_base=server.url)
    server.script = [Say(prompt_tokens=1000, completion_tokens=100)]
    reply = await target.reply(PROMPT, (), trial=TRIAL, step=1)
    await target.aclose()
    assert target.priced
    assert target.function_calling
    assert reply.usage.cost_usd == pytest.approx(1000 * 2.5e-6 + 100 * 1e-5)


def test_the_cache_key_changes_with_everything_that_can_change_a_reply() -> None:
    def key(**changes: Any) -> str:
        arguments: dict[str, Any] = {
            "messages": PROMPT,
            "tools": TOOLS,
            "model": "openai/test",
            "parameters": {"max_tokens": 5},
            "trial": TRIAL,
            "step": 1,
        }
        return call_key(**{**arguments, **changes})

    variants: list[Callable[[], str]] = [
        key,
        lambda: key(messages=PROMPT[:1]),
        lambda: key(tools=()),
        lambda: key(model="openai/other"),
        lambda: key(parameters={"max_tokens": 6}),
        lambda: key(trial=TRIAL.model_copy(update={"phase": "confirm"})),
        lambda: key(trial=TRIAL.model_copy(update={"replicate": 4})),
        lambda: key(trial=TRIAL.model_copy(update={"seed": 42})),
        lambda: key(step=2),
    ]
    assert len({make() for make in variants}) == len(variants)
    assert key() == key()
    thought = PROMPT[1].model_copy(update={"reasoning": "never sent"})
    assert key(messages=(PROMPT[0], thought)) == key(), "what is not sent does not count"


def body(**changes: Any) -> Broken:
    """A good answer with other usage."""
    answer = {**Say("All read, nothing to do.").body("test"), **changes}
    return Broken(json.dumps({k: v for k, v in answer.items() if v is not ...}))


@pytest.mark.parametrize("usage", [..., None, {}, {"prompt_tokens": -1_000_000, "completion_tokens": 5}])
async def test_what_a_provider_does_not_say_is_counted(server: OpenAIServer, usage: Any) -> None:
    server.script = [body(usage=usage)]
    reply = await ask(server, price=(10.0, 10.0))
    assert (reply.status, reply.message.content) == ("ok", "All read, nothing to do.")
    assert reply.usage.prompt_tokens > 5
    assert reply.usage.completion_tokens > 0
    assert reply.usage.cost_usd is not None
    assert reply.usage.cost_usd > 0


@pytest.mark.parametrize("usage", [{"prompt_tokens": "many", "completion_tokens": 5, "total_tokens": 7}, "odd"])
async def test_an_answer_that_cannot_be_read_is_not_bought_again(server: OpenAIServer, usage: Any) -> None:
    server.always = body(usage=usage)
    reply = await ask(server, retries=4)
    assert len(server.requests) == 1
    assert "Traceback" not in reply.error
    assert "\n" not in reply.error


async def test_a_reply_is_bounded_as_a_whole(server: OpenAIServer) -> None:
    server.script = [Say(None, calls=[("send_message", json.dumps({"body": "x" * 150_000}))] * 60)]
    reply = await ask(server, tools=TOOLS)
    assert reply.status == "cut_off"
    assert 0 < sum(len(c.arguments) for c in reply.message.tool_calls) <= MAX_REPLY
