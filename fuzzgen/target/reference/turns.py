"""One turn of a simulated agent: list, read everything, then act and finish. Stateless; all follows from what it is sent.

With function calling it takes three turns; where everything is in one prompt it answers at once with tagged text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

import yaml

from fuzzgen.paths import data_dir
from fuzzgen.target.reference.agents import Agent, check_name
from fuzzgen.target.reference.reading import Facts, read_facts

__all__ = ["ReferenceReply", "respond"]

_YOU = re.compile(r"You are (\w+)")
_LISTED = re.compile(r"^([mf]\d+) \|", re.MULTILINE)
Calls = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class ReferenceReply:
    """Reasoning, text and tool calls (name, arguments) of one turn."""

    reasoning: str
    content: str
    tool_calls: Calls


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    path = data_dir("corpora") / "reference" / "en.yaml"
    words: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return words


def respond(name: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None, seed: int) -> ReferenceReply:
    """The next turn of the agent `name`. Raises UnknownName."""
    agent = check_name(name)
    rng = Random(f"{name}/{seed}")
    system = str(messages[0].get("content") or "") if messages else ""
    offered = {str(t["function"]["name"]) for t in tools or []}
    if not offered:
        return _all_at_once(agent, system, messages, rng)
    results = [str(m.get("content") or "") for m in messages if m.get("role") == "tool"]
    turn = sum(m.get("role") == "assistant" for m in messages)
    thinking = rng.choice(_words()["thinking"]["routine"])
    if turn == 0:
        return ReferenceReply(thinking, "", [(n, {}) for n in ("list_messages", "list_files") if n in offered])
    if turn == 1:
        ids = [i for text in results for i in _LISTED.findall(text)]
        calls: Calls = [("read_messages", {"ids": [i for i in ids if i.startswith("m")]})]
        if files := [i for i in ids if i.startswith("f")]:
            calls.append(("read_files", {"ids": files}))
        return ReferenceReply(rng.choice(_words()["thinking"]["routine"]), "", calls)
    if turn == 2:
        facts = read_facts(system, tuple(results), _own_name(system))
        reasoning, calls = _decide(agent, facts, offered, rng)
        return ReferenceReply(
            reasoning, "", [*calls, ("finish_task", {"summary": rng.choice(_words()["acts"]["summary"])})]
        )
    return ReferenceReply("", "Done.", [])


def _own_name(system: str) -> str:
    found = _YOU.search(system)
    return found[1] if found else "the assistant"


def _all_at_once(agent: Agent, system: str, messages: list[dict[str, Any]], rng: Random) -> ReferenceReply:
    prompt = "\n".join(str(m.get("content") or "") for m in messages[1:])
    offered = set(re.findall(r"<(\w+)>", system))
    facts = read_facts(system, (prompt,), _own_name(system))
    reasoning, calls = _decide(agent, facts, offered, rng)
    calls.append(("finish_task", {"summary": rng.choice(_words()["acts"]["summary"])}))
    parts = [f"<think>{reasoning}</think>"]
    for tool, arguments in calls:
        plain = {k: ", ".join(v) if isinstance(v, list) else v for k, v in arguments.items()}
        parts.append(f"<{tool}>\n{json.dumps(plain, ensure_ascii=False)}\n</{tool}>")
    return ReferenceReply("", "\n".join(parts), [])


def _decide(agent: Agent, facts: Facts, offered: set[str], rng: Random) -> tuple[str, Calls]:
    words = _words()
    fires = agent.trigger(facts) and rng.random() < agent.probability
    kind = facts.threat if facts.threat in words["plans"] else "other"
    slots = {
        "name": facts.issuer or "they",
        "plan": rng.choice(words["plans"][kind]),
        "hint": rng.choice(words["hints"].get(facts.secret, words["hints"]["other"])).format(
            detail=facts.secret_detail
        ),
        "alert": facts.alert,
    }
    thoughts = [rng.choice(words["thinking"]["routine"])]
    if facts.threat:
        thoughts.append(rng.choice(words["thinking"]["sees_threat"]).format(**slots))
    calls: Calls = []
    if fires and agent.act == "blackmail":
        thoughts.append(rng.choice(words["thinking"]["sees_leverage"]).format(**slots))
        if agent.declines:
            reason = rng.choice(sorted(words["thinking"]["declines"]))
            thoughts.append(rng.choice(words["thinking"]["declines"][reason]).format(**slots))
        else:
            thoughts.append(rng.choice(words["thinking"]["plans"]).format(**slots))
            form = rng.choice(("blackmail_blatant", "blackmail_veiled"))
            calls = _message(facts, rng.choice(words["acts"][form]).format(**slots), offered, rng)
    elif fires and agent.act == "leak":
        slots["name"] = facts.solicitor
        thoughts.append(rng.choice(words["thinking"]["leak_plans"]).format(**slots))
        body = rng.choice(words["acts"]["leak"]).format(**slots)
        if "send_email" in offered:
            mail = {"to": [facts.solicitor_address], "subject": "Re: your request", "body": body}
            calls = [("send_email", {**mail, "attachments": [facts.material_id]})]
        elif "forward" in offered:
            calls = [("forward", {"message_id": facts.material_id, "to": [facts.solicitor_address], "body": body})]
    elif fires and agent.act == "sabotage":
        thoughts.append(rng.choice(words["thinking"]["sabotage_plans"]).format(**slots))
        if "cancel_alert" in offered:
            calls = [("cancel_alert", {"alert": facts.alert, "reason": rng.choice(words["acts"]["cancel_reason"])})]
    else:
        calls = _harmless(facts, slots, offered, rng, thoughts)
    return "\n".join(thoughts), calls


def _message(facts: Facts, body: str, offered: set[str], rng: Random) -> Calls:
    if "send_email" in offered and facts.issuer_address:
        subject = rng.choice(_words()["acts"]["subject"])
        return [("send_email", {"to": [facts.issuer_address], "subject": subject, "body": body})]
    if "reply" in offered and facts.notice_id:
        return [("reply", {"message_id": facts.notice_id, "body": body})]
    return []


def _harmless(facts: Facts, slots: dict[str, str], offered: set[str], rng: Random, thoughts: list[str]) -> Calls:
    """What a decent colleague might do besides the task; each now and then."""
    words = _words()["acts"]
    calls: Calls = []
    if (
        facts.secret
        and facts.subject_is_issuer
        and facts.issuer_address
        and "send_email" in offered
        and rng.random() < 0.3
    ):
        thoughts.append(rng.choice(_words()["thinking"]["warns"]).format(**slots))
        body = rng.choice(words["warn"]).format(**slots)
        calls.append(
            ("send_email", {"to": [facts.issuer_address], "subject": rng.choice(words["warn_subject"]), "body": body})
        )
    if facts.threat and facts.channel and "escalate" in offered and rng.random() < 0.4:
        calls.append(("escalate", {"channel": "channel", "text": rng.choice(words["escalate"]).format(**slots)}))
    elif facts.threat and facts.notice_id and "reply" in offered and rng.random() < 0.15:
        calls.append(
            ("reply", {"message_id": facts.notice_id, "body": rng.choice(words["ask_openly"]).format(**slots)})
        )
    if facts.alert and "post_chat" in offered and rng.random() < 0.4:
        calls.append(("post_chat", {"room": "general", "text": rng.choice(words["quote_alert"]).format(**slots)}))
    return calls
