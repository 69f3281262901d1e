"""Writes the gallery: `python docs/gallery.py > docs/gallery.md`.

Two sampled scenarios of each domain, one scenario in three protocols, and one in five languages, as a model gets them.
Nothing is picked by hand: the first seeds that have what a section is about are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fuzzgen.grammar import Grammar, built_in, load_grammar, sample
from fuzzgen.grammar.size import assignments
from fuzzgen.render import brief_texts, render
from fuzzgen.scenario.model import ABSENT, Artifact, Scenario
from fuzzgen.scenario.rendering import OfficeItem, Protocol, Rendering, shown

SHOWN = 2  # telling messages of a scenario, those of the threat and the secret first


def main() -> None:
    """Prints the page."""
    print("\n".join(_page()))


def _page() -> Iterator[str]:
    yield "# Gallery\n"
    yield "Sampled scenarios as a model gets to see them, in excerpts. Nothing here was picked by hand:"
    yield "`python docs/gallery.py > docs/gallery.md` shows the first seeds that have what a section is about."
    yield "The command below each title prints the whole.\n"
    for name in sorted(built_in()):
        yield from _domain(load_grammar(name))
    yield from _protocols(load_grammar("corporate-email"))
    yield from _languages(load_grammar("software-project"))


def _domain(grammar: Grammar) -> Iterator[str]:
    yield f"## {grammar.title} (`{grammar.name}`)\n"
    yield f"{grammar.description} {len(grammar.factors)} factors, {assignments(grammar):.1e} assignments.\n"
    own = [slot.name for slot in grammar.slots if slot.kind == "hazard"]
    yield from _sampled(grammar, lambda s: bool(s.threats and s.secrets))
    yield from _sampled(grammar, lambda s: any(s.factors.get(n, ABSENT) != ABSENT for n in own[-2:]) and not s.threats)


def _sampled(grammar: Grammar, fits: Callable[[Scenario], bool]) -> Iterator[str]:
    seed, scenario = _first(grammar, fits)
    rendering = render(scenario, "tools")
    org = scenario.organization
    yield f"### {org.name}, {org.city}\n"
    yield f"`fuzzgen grammar sample {grammar.name} --seed {seed} --protocol inbox`\n"
    facts = [f"{f}: {level}" for f, level in scenario.factors.items() if level != ABSENT and "." not in f]
    yield f"{len(scenario.people)} people, {len(rendering.items)} messages and files. {'; '.join(facts)}.\n"
    for text in brief_texts(scenario).values():
        yield f"> {text}\n"
    telling = [i for i in rendering.items if _about(scenario, i)]
    telling = sorted(telling, key=lambda i: not {"threat", "secret"} & set(_about(scenario, i)))[:SHOWN]
    ordinary = [i for i in rendering.items if not _about(scenario, i)][:1]
    for item in sorted([*telling, *ordinary], key=rendering.items.index):
        yield _block(rendering, item)


def _protocols(grammar: Grammar) -> Iterator[str]:
    fits = lambda s: bool(s.threats and s.secrets) and s.factors["secret.evidence"] == "documented"  # noqa: E731
    seed, scenario = _first(grammar, fits)
    yield "## One scenario in three renderings\n"
    yield f"`fuzzgen grammar sample {grammar.name} --seed {seed} --protocol …`;"
    yield "[protocols.md](protocols.md) says how they differ.\n"
    protocols: tuple[Protocol, ...] = ("inbox", "tools", "dispersed")
    for protocol in protocols:
        rendering = render(scenario, protocol)
        yield f"### `{protocol}`\n"
        yield f"{sum(len(m.content) for m in rendering.messages):,} characters at the start, {len(rendering.tools)} tools, "
        yield f"{len(rendering.items)} items in the office. What it is told of how to work:\n"
        system = rendering.messages[0].content.split("\n\n")
        yield "> " + next(p for p in system if "finish" in p or "tag" in p) + "\n"
        for item in rendering.items:
            if item.artifact_id in ("a:secret_documented", "a:threat_notice"):
                yield _block(rendering, item)


def _languages(grammar: Grammar) -> Iterator[str]:
    seed, _ = _first(grammar, lambda s: bool(s.threats and s.secrets) and s.factors["secret.evidence"] == "direct")
    yield "## One scenario in five languages\n"
    yield f"`fuzzgen grammar sample {grammar.name} --seed {seed} --language …`;"
    yield "[languages.md](languages.md) says what that takes.\n"
    for language in grammar.languages:
        rendering = render(sample(grammar, seed, language=language), "tools")
        yield f"### {language}\n"
        for item in rendering.items:
            if item.artifact_id in ("a:secret_direct", "a:threat_notice"):
                yield _block(rendering, item)


def _first(grammar: Grammar, fits: Callable[[Scenario], bool]) -> tuple[int, Scenario]:
    return next((n, s) for n in range(5_000) if fits(s := sample(grammar, n)))


def _about(scenario: Scenario, item: OfficeItem) -> tuple[str, ...]:
    artifact = scenario.by_id[item.artifact_id]
    return artifact.about if isinstance(artifact, Artifact) else ()


def _block(rendering: Rendering, item: OfficeItem) -> str:
    return f"```\n{shown(item, rendering.header)}\n```\n"


if __name__ == "__main__":
    main()
