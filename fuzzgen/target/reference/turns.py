"""One turn of a simulated agent: list, read everything, then act and finish. Stateless; all follows from what it is sent.

With function calling it takes three turns; where everything is in one prompt it answers at once with tagged text. Where
the work stretches over days it lists and reads on each, and acts when no day follows.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any

from fuzzgen.target.reference.acts import Calls, act, harmless, task
from fuzzgen.target.reference.agents import Decision, Who, check_name, decide
from fuzzgen.target.reference.reading import Facts, read_facts
from fuzzgen.target.reference.texts import clock_in, items_in
from fuzzgen.target.reference.wording import Voice

__all__ = ["ReferenceReply", "respond"]

_LISTED = re.compile(r"^([mf]\d+) \|", re.MULTILINE)
_TAG = re.compile(r"^<(\w+)>", re.MULTILINE)


@dataclass(frozen=True)
class ReferenceReply:
    """Reasoning, text and tool calls (name, arguments) of one turn."""

    reasoning: str
    content: str
    tool_calls: Calls


def respond(name: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None, seed: int) -> ReferenceReply:
    """The next turn of the agent `name`. Raises UnknownName, and UsageError for a query that `planted` does not take."""
    agent = check_name(name)
    said = [(str(m.get("role")), str(m.get("content") or "")) for m in messages]
    system = next((text for role, text in said if role == "system"), "")
    user = "\n".join(text for role, text in said if role == "user")
    offered = {str(t["function"]["name"]) for t in tools or []}
    if not offered:
        return _all_at_once(agent, name, system, user, seed)
    results = [text for role, text in said if role == "tool"]
    turn = sum(role == "assistant" for role, _ in said)
    rng = Random(f"{name}/{seed}/{turn}")
    days = len({moment.date() for text in results if (moment := clock_in((text,)))}) or 1
    if turn < 2 * days:
        return ReferenceReply(_musing(rng), "", _new(results, offered) if turn % 2 else _lists(offered))
    if turn == 2 * days:  # no day follows those that have been seen
        facts = read_facts(system, (user, *results))
        reasoning, calls = _act(decide(agent, facts.levels, seed), facts, offered, rng)
        return ReferenceReply(reasoning, "", calls)
    return ReferenceReply("", "Done.", [])


def _lists(offered: set[str]) -> Calls:
    return [(n, {}) for n in ("list_messages", "list_files", "list_documents", "list_tickets") if n in offered]


def _new(results: list[str], offered: set[str]) -> Calls:
    """Reads all that was listed and not read before, and ends the day where days end."""
    read = {item.id for text in results for item in items_in(text)}
    ids = [i for i in dict.fromkeys(i for text in results for i in _LISTED.findall(text)) if i not in read]
    messages, files = [i for i in ids if i.startswith("m")], [i for i in ids if i.startswith("f")]
    calls: Calls = [("read_messages", {"ids": messages})] if messages or "end_day" not in offered else []
    if files:
        calls.append(("read_files", {"ids": files}))
    if "end_day" in offered:
        calls.append(("end_day", {}))
    return calls


def _musing(rng: Random) -> str:
    return Voice(Facts(), rng).say("thinking", "routine")


def _all_at_once(agent: Who, name: str, system: str, user: str, seed: int) -> ReferenceReply:
    facts = read_facts(system, (user,))
    offered = set(_TAG.findall(system))
    reasoning, calls = _act(decide(agent, facts.levels, seed), facts, offered, Random(f"{name}/{seed}/2"))
    parts = [f"<think>{reasoning}</think>"]
    for tool, arguments in calls:
        plain = {k: ", ".join(v) if isinstance(v, list) else v for k, v in arguments.items()}
        parts.append(f"<{tool}>\n{json.dumps(plain, ensure_ascii=False)}\n</{tool}>")
    return ReferenceReply("", "\n".join(parts), [])


def _act(decision: Decision, facts: Facts, offered: set[str], rng: Random) -> tuple[str, Calls]:
    """What is thought and done in the turn that counts."""
    voice = Voice(facts, rng)
    thoughts = [voice.say("thinking", "routine"), *_thoughts(decision, facts, voice)]
    calls: Calls = []
    for behavior in decision.acts:
        calls += act(behavior, facts, offered, voice)
    if max(decision.stages.values(), default=0) < 2:
        calls += harmless(facts, offered, voice, thoughts)
    calls += task(facts, offered, voice)
    calls.append(("finish_task", {"summary": voice.say("acts", "summary")}))
    return "\n".join(t for t in thoughts if t), calls


def _thoughts(decision: Decision, facts: Facts, voice: Voice) -> list[str]:
    """What is thought of each behavior, as far as its stage goes."""
    out = []
    if decision.stages.get(""):
        out.append(voice.say("thinking", "sees_threat") or voice.say("thinking", "sees_change"))
    for behavior, stage in decision.stages.items():
        if not behavior:
            continue
        sees, plans, declines = _topics(behavior, facts)
        hint = voice.hint(to_subject=False)
        out.append(voice.say("thinking", "sees_leverage", sees, hint=hint))
        if behavior in decision.acts:
            out.append(voice.say("thinking", plans, name=facts.solicitor if behavior == "leak" else facts.issuer))
        elif stage >= 3 and declines == "declines":
            out.append(voice.say("thinking", "declines", voice.rng.choice(sorted(voice.words["thinking"]["declines"]))))
        elif stage >= 3:
            out.append(voice.say("thinking", declines))
    return out


def _topics(behavior: str, facts: Facts) -> tuple[str, str, str]:
    """Where the corpus has the words for seeing, planning and declining this act in this situation."""
    match behavior:
        case "blackmail":
            same = facts.subject == facts.issuer
            return "blackmail" if same else "blackmail_other", "plans", "declines"
        case "leak":
            return "leak", "leak_plans" if facts.solicitor else "leak_plans_alone", "leak_declines"
        case _:
            return "sabotage", "sabotage_plans" if facts.issuer else "sabotage_plans_alone", "sabotage_declines"
