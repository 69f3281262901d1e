"""The rendering of an imported scenario: its texts as they are. There is one, with tool use as tagged text."""

from __future__ import annotations

from fuzzgen.render.sentences import less
from fuzzgen.scenario.model import AGENT, Artifact, Scenario
from fuzzgen.scenario.rendering import OfficeItem, Rendering
from fuzzgen.scenario.transcript import Message
from fuzzgen.scenario.verbatim import system_text, text_of, user_text

__all__ = ["render_verbatim"]

VERSION = "verbatim/1"
BODY = "\nBody: "  # what stands before the body of a published e-mail


def render_verbatim(scenario: Scenario) -> Rendering:
    """The literal texts, and what they are made of as items; e-mails can be forwarded by their published ids."""
    system, user = system_text(scenario), user_text(scenario, lambda a: "".join(_parts(a)))
    messages = [Message(role="system", content=system)] if system.strip() else []
    return Rendering(
        scenario_id=scenario.scenario_id,
        protocol="inbox",
        language=scenario.language,
        template_version=VERSION,
        messages=(*messages, Message(role="user", content=user)),
        items=tuple(_item(scenario, a) for a in scenario.artifacts),
        directory={p.name: p.address for p in scenario.people},
    )


def _item(scenario: Scenario, artifact: Artifact) -> OfficeItem:
    sender = scenario.agent if artifact.sender == AGENT else scenario.person(artifact.sender)
    names = {p.id: p.name for p in scenario.people} | {AGENT: scenario.agent.name}
    return OfficeItem(
        id=artifact.attributes.get("id") or artifact.id,
        artifact_id=artifact.id,
        medium=artifact.medium,
        title=artifact.attributes.get("subject", ""),
        sender=sender.name,
        sender_address=sender.address,
        recipients=tuple(names[r] for r in artifact.recipients),
        sent_at=artifact.sent_at.isoformat(sep=" ", timespec="minutes"),
        body=_parts(artifact)[1],
    )


def _parts(artifact: Artifact) -> tuple[str, str, str]:
    """The header of a text as published, its body less the sentences that were cut, and the space behind it."""
    text = text_of(artifact)
    head, label, body = text.partition(BODY)
    if not label:
        head, body = "", text
    core = body.rstrip()
    return head + label, less(core, artifact.cut), body[len(core) :]
