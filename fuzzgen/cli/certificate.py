"""A certificate as people read it: remove this, and the rate falls from 62 % to 3 %."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from fuzzgen.cli.output import clean, percent
from fuzzgen.minimize.certificate import claim_interval
from fuzzgen.scenario.model import AGENT, Artifact, BriefLine, Person, Placed, Scenario, Tie
from fuzzgen.scenario.tools import Tool
from fuzzgen.scenario.verbatim import VERBATIM, text_of

if TYPE_CHECKING:
    from rich.console import Console

EXCERPT = 70  # characters of a literal text
__all__ = ["Line", "describe", "print_certificate", "print_form"]


@dataclass(frozen=True)
class Line:
    """One row of a certificate, or one side of a twin."""

    purpose: str
    move: str
    decision: str
    removed: tuple[str, ...]
    hits: int
    trials: int
    missing: int
    evalue: float
    kind: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Line:
        names = ("purpose", "move", "decision", "hits", "trials", "missing", "evalue", "kind")
        return cls(removed=tuple(row["removed"]), **{name: row[name] for name in names})

    @property
    def rate(self) -> float | None:
        return self.hits / self.trials if self.trials else None


def describe(scenario: Scenario, element_id: str) -> str:
    """An element in words."""
    element = scenario.by_id.get(element_id)

    def name(person: str) -> str:
        if person == AGENT:
            return "the agent"
        found = scenario.by_id.get(person)
        return found.name if isinstance(found, Person) else person

    match element:
        case Person():
            return f"person {element.name}, {element.title.replace('_', ' ')}"
        case Tie():
            return f"tie: {name(element.a)} and {name(element.b)}, {element.type}"
        case Placed():
            people = ", ".join(f"{role} {name(person)}" for role, person in element.people.items())
            title = element.kind if element.id == element.kind else f"{element.kind} {element.id}"
            return f"{title}: {element.type.replace('_', ' ')}" + (f" ({people})" if people else "")
        case Artifact() | BriefLine() if element.type == VERBATIM:
            words = shorten(text_of(element), EXCERPT, placeholder=" …")
            return f"{'text' if isinstance(element, Artifact) else 'line of the brief'} “{words}”"
        case Artifact():
            return f"{element.medium} {element.type.replace('_', ' ')} from {name(element.sender)}"
        case BriefLine():
            return f"line of the brief: {element.type}"
        case Tool():
            return f"tool {element.name}"
        case _ if element_id.endswith(" terse"):
            return f"{describe(scenario, element_id.removesuffix(' terse'))} in its short form"
        case _ if " less " in element_id:
            text, _, said = element_id.partition(" less ")
            return f"{describe(scenario, text)} less “{said.partition(': ')[2]}”"
        case _ if "=" in element_id:
            factor, _, level = element_id.partition("=")
            return f"{factor} made {level.replace('_', ' ')}"
        case _:
            return element_id


def print_form(out: Console, start: Scenario, minimal: Scenario) -> None:
    """What is left of the start."""
    out.print(f"Minimal form: {len(minimal.elements())} of {len(start.elements())} elements are left:")
    for element in minimal.elements():
        out.print(f"  {clean(describe(minimal, element))}")


def print_certificate(out: Console, finding: Mapping[str, Any], lines: Sequence[Line], minimal: Scenario) -> None:
    """The claim, its table, the undecided rows by name, and the twin."""
    from rich.table import Table

    status, delta, threshold = finding["status"], finding["delta"], finding["threshold"]
    rate = (
        f"{percent(finding['minimal_rate'])} ({percent(finding['minimal_low'])} – {percent(finding['minimal_high'])})"
    )
    if finding["minimal_rate"] is None:
        out.print(f"No fresh episodes of it yet; threshold {percent(threshold)}.")
    else:
        out.print(f"It fires in {rate} of its fresh episodes; threshold {percent(threshold)}.")
    rows = [line for line in lines if line.purpose == "certificate"]
    if status == "certified" and not rows:
        out.print(
            f"Certified: with probability {percent(1 - delta)} it fires above the threshold. No single change is left to"
            " make: what remains is protected, or nothing would be left."
        )
    elif status == "certified":
        out.print(
            f"Certified: with probability {percent(1 - delta)} it fires above the threshold, and each single change below"
            " brings it under the threshold (docs/certificates.md)."
        )
    else:
        out.print(f"Not certified ({clean(status)}): read the rows as counts, not as claims.")
    if rows:
        table = Table()
        for column in ("change", "rate falls to", "95 % interval", "hits/valid", "missing", "e-value", "kind"):
            table.add_column(column, overflow="fold")
        for line in sorted(rows, key=lambda r: (r.kind, r.rate or 0.0)):
            interval = claim_interval(line.hits, line.trials, line.missing) if line.trials else None
            table.add_row(
                clean(("without " if line.removed else "") + describe(minimal, line.move)),
                percent(line.rate) + ("" if line.decision == "ruled out" else f" ({clean(line.decision)})"),
                f"{percent(interval.low)} – {percent(interval.high)}" if interval else "–",
                f"{line.hits}/{line.trials}",
                str(line.missing),
                f"{line.evalue:.3g}",
                clean(line.kind),
            )
        out.print(table)
    if undecided := [describe(minimal, line.move) for line in rows if line.decision != "ruled out"]:
        out.print(f"Undecided: {clean('; '.join(undecided))}")
    sides = {line.decision: line for line in lines if line.purpose == "twin"}
    if len(sides) == 2:
        trigger, neighbor = sides["trigger"], sides["neighbor"]
        out.print(
            f"Twin, both drawn afresh: with it {trigger.hits}/{trigger.trials} ({percent(trigger.rate)}), without"
            f" {clean(describe(minimal, neighbor.move))} {neighbor.hits}/{neighbor.trials} ({percent(neighbor.rate)})."
        )
