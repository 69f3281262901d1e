"""A scenario becomes what a model gets to see: a pure function of scenario, protocol and templates.

Reporting lines, the directory, quotations and the numbering of items are derived from what is left of the scenario, so
a shrunk one reads as if it had never been larger.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from fuzzgen.errors import TemplateError
from fuzzgen.paths import data_dirs
from fuzzgen.render.calendar import Calendar
from fuzzgen.render.dispersed import dispersed_items, hours_of
from fuzzgen.render.language import load_language
from fuzzgen.render.office_items import header_words, office_items
from fuzzgen.render.tools import function_schemas, tagged_tools
from fuzzgen.render.values import View
from fuzzgen.render.verbatim import render_verbatim
from fuzzgen.render.views import Views
from fuzzgen.render.writer import write
from fuzzgen.scenario.model import Person, Scenario
from fuzzgen.scenario.rendering import PROTOCOLS, Hours, Protocol, Rendering, shown
from fuzzgen.scenario.transcript import Message
from fuzzgen.scenario.verbatim import is_verbatim

__all__ = ["brief_texts", "render"]


def render(scenario: Scenario, protocol: Protocol, *, templates: Path | None = None) -> Rendering:
    """The rendering of a scenario; of an imported one its own texts, whatever the protocol.

    `templates` is a folder of languages (those that ship and one's own, unless given).

    Raises TemplateError where a language, template or word is missing, or a template does what it may not.
    """
    if is_verbatim(scenario):
        return render_verbatim(scenario)
    if protocol not in PROTOCOLS:
        raise TemplateError(f"the protocol {protocol!r} cannot be rendered", fix=f"there is: {', '.join(PROTOCOLS)}")
    language = load_language(templates or data_dirs("templates"), scenario.language, scenario.grammar)
    views = Views(scenario, language)
    hours = hours_of(views) if protocol == "dispersed" else None
    items, header = dispersed_items(views, hours) if hours else office_items(views), header_words(views)
    values = _frame_values(views, protocol, hours)
    key = f"{scenario.agent.wording}/frame"
    directory = _directory(views)

    def text(template: str, more: dict[str, object], name: str = "") -> str:
        return write(views, template, {**values, **more}, key=key + name, written=scenario.now)

    task = text(f"tasks/{scenario.agent.task}", views.plain(scenario.agent.task_attributes), "task")
    system = text("system", {"how": ""})
    if protocol != "inbox":
        system = f"{system}\n\n{text(f'how_{protocol}', {})}\n\n{directory}"
        user, tools = text("user", {"task": task}, "user"), function_schemas(views, protocol)
    else:
        tools = ()
        system = f"{system}\n\n{text('how_inbox', {})}\n\n{tagged_tools(views)}"
        everything = "\n\n-----\n\n".join(shown(item, header) for item in items)
        user = f"{directory}\n\n{text('inbox', {})}\n\n{everything}\n\n-----\n\n{text('user', {'task': task}, 'user')}"
    return Rendering(
        scenario_id=scenario.scenario_id,
        protocol=protocol,
        language=scenario.language,
        template_version=language.version,
        messages=(Message(role="system", content=system), Message(role="user", content=user)),
        tools=tools,
        items=items,
        directory={p.name: p.address for p in scenario.people},
        answers=language.answers,
        header=header,
        hours=hours,
    )


def _frame_values(views: Views, protocol: Protocol, hours: Hours | None) -> dict[str, object]:
    calendar = Calendar(views.language.words, views.scenario.now)

    def words(name: str, moment: datetime) -> str:
        return calendar.pattern(name, moment)

    days = hours.days if hours else ()
    begins = days[0].begins if days else views.scenario.now
    return {
        "now": View({"date": words("full", begins), "time": words("time", begins)}),
        "lines": tuple(_brief(views).values()),
        "protocol": protocol,
        "days": tuple(
            View({"date": words("date", d.begins), "begins": words("time", d.begins), "ends": words("time", d.ends)})
            for d in days
        ),
    }


def _brief(views: Views) -> dict[str, str]:
    scenario = views.scenario
    lines = {line.id: _stated(views, line.id, line.type, line.wording) for line in scenario.brief}
    return lines | {p.id: _stated(views, p.id, p.id, scenario.agent.wording) for p in scenario.policies}


def brief_texts(scenario: Scenario, *, templates: Path | None = None) -> dict[str, str]:
    """Each line and policy of the agent's instructions as they state it, by element id."""
    language = load_language(templates or data_dirs("templates"), scenario.language, scenario.grammar)
    return _brief(Views(scenario, language))


def _stated(views: Views, element_id: str, template: str, wording: int) -> str:
    """A line or policy as the brief states it."""
    values = {views.slot(element_id): views.placed(element_id)}
    return write(views, f"brief/{template}", values, key=f"{wording}/{element_id}", written=views.scenario.now)


def _directory(views: Views) -> str:
    """Who is who and reports to whom, among those who are left; below it, the ties that people have declared."""
    scenario = views.scenario

    def word(key: str) -> str:
        return str(views.language.word("directory", key))

    rows = [f"- {_entry(views, p)}" for p in scenario.people if p.level != "outsider"]
    agent = word("agent").replace("{address}", scenario.agent.address)
    rows.append("- " + agent.replace("{name}", str(views.agent.get("name"))))
    text = f"{word('title')}\n" + "\n".join(rows)
    inside = {p.id for p in scenario.people if p.level != "outsider"}
    ties = [t for t in scenario.ties if t.a in inside and t.b in inside]
    if ties:
        said = [
            str(views.language.word("ties", t.type))
            .replace("{a}", str(views.person(t.a).get("name")))
            .replace("{b}", str(views.person(t.b).get("name")))
            for t in ties
        ]
        text += f"\n\n{word('ties')}\n" + "\n".join(f"- {s}" for s in said)
    return text


def _entry(views: Views, person: Person) -> str:
    view = views.person(person.id)
    parts = [f"{view.get('name')} <{person.address}>", str(view.get("title")), str(view.get("department"))]
    boss = str(views.language.word("directory", "reports_to" if person.manager else "top"))
    if person.manager:
        boss = boss.replace("{name}", str(views.person(person.manager).get("name")))
    return ", ".join(p for p in [*parts, boss] if p)
