"""How alike the scenarios of a grammar are: two figures over a sample, the fixed text of protocol and tools set aside.

*Sentence share*: of the scenarios that have the fact a sentence states, the part in which that very sentence stands. The
fact is the message's or line's type; where all its occurrences agree in a level of a factor of its slot, only scenarios
with that level count. What a policy says is literal and does not count.

*Overlap*: of two scenarios' sets of word 5-grams, the common part (Dice), on average over pairs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fuzzgen.grammar import Grammar, sample
from fuzzgen.render import brief_texts, render
from fuzzgen.render.sentences import WORD, sentences
from fuzzgen.scenario.model import ABSENT, Artifact, Scenario

__all__ = ["Realism", "Repeated", "realism"]

PAIRS = 2_000
FEW = 5  # a sentence seen less often says nothing


@dataclass(frozen=True)
class Repeated:
    """A sentence, the type of text that it stands in, and its share of the scenarios that have the fact."""

    sentence: str
    where: str
    count: int
    having: int

    @property
    def share(self) -> float:
        return self.count / self.having


@dataclass(frozen=True)
class Realism:
    """Both figures over `scenarios` samples. `repeated` is sorted, the most frequent first."""

    scenarios: int
    repeated: tuple[Repeated, ...]
    overlap: float
    structures: int  # different in structure: factors, people and kinds of messages

    @property
    def highest_share(self) -> float:
        return self.repeated[0].share if self.repeated else 0.0

    def above(self, share: float) -> int:
        """How many sentences stand in more than this share."""
        return sum(r.share > share for r in self.repeated)


def realism(grammar: Grammar, count: int = 500, *, seed: int = 0, language: str = "en") -> Realism:
    """Both figures over `count` sampled scenarios in one language."""
    scenarios = [sample(grammar, s, language) for s in range(seed, seed + count)]
    having: Counter[tuple[str, str, str]] = Counter()
    found: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    grams: list[frozenset[tuple[str, ...]]] = []
    for scenario in scenarios:
        words: list[str] = []
        seen: set[tuple[str, str]] = set()
        for where, slot, text in _texts(scenario):
            levels = _levels(scenario, slot)
            for sentence in sentences(text):
                if (sentence, where) not in seen:
                    seen.add((sentence, where))
                    found[sentence, where].append(levels)
            words += WORD.findall(text.casefold())
        for where, levels in {w: _levels(scenario, s) for w, s, _ in _texts(scenario)}.items():
            having.update({(where, f, level) for f, level in levels.items()} | {(where, "", "")})
        grams.append(frozenset(zip(*(words[i:] for i in range(5)), strict=False)))
    repeated = [
        Repeated(sentence, where, len(seen_in), _having(having, where, seen_in))
        for (sentence, where), seen_in in found.items()
        if len(seen_in) >= FEW
    ]
    return Realism(
        scenarios=count,
        repeated=tuple(sorted(repeated, key=lambda r: -r.share)),
        overlap=_overlap(grams, seed),
        structures=len({_shape(s) for s in scenarios}),
    )


def _texts(scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    """(type, slot, text) of every message and document, and of every line of the brief."""
    for item in render(scenario, "tools").items:
        artifact = scenario.by_id[item.artifact_id]
        assert isinstance(artifact, Artifact)
        body = "\n".join(line for line in item.body.split("\n") if not line.startswith(">"))
        yield artifact.type, artifact.about[0] if artifact.about else "", body
    for element, text in brief_texts(scenario).items():
        if element.startswith("line:"):
            yield f"brief/{element.removeprefix('line:')}", element.removeprefix("line:"), text


def _levels(scenario: Scenario, slot: str) -> dict[str, str]:
    return {f: v for f, v in scenario.factors.items() if slot and f.partition(".")[0] == slot and v != ABSENT}


def _having(having: Counter[tuple[str, str, str]], where: str, seen_in: list[dict[str, str]]) -> int:
    first = seen_in[0]
    common = [(f, v) for f, v in first.items() if all(levels.get(f) == v for levels in seen_in)]
    return min(having[where, f, v] for f, v in [("", ""), *common])


def _overlap(grams: list[frozenset[tuple[str, ...]]], seed: int) -> float:
    rng = Random(seed)
    pairs = [rng.sample(range(len(grams)), 2) for _ in range(PAIRS)]
    shares = [2 * len(grams[a] & grams[b]) / (len(grams[a]) + len(grams[b])) for a, b in pairs]
    return sum(shares) / len(shares)


def _shape(scenario: Scenario) -> tuple[object, ...]:
    messages = tuple(sorted(a.type for a in scenario.artifacts))
    return (tuple(scenario.factors.items()), len(scenario.people), messages)
