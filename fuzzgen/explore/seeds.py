"""Starting scenarios: files that are run first, and whose neighborhoods the archive then knows.

A seed is a scenario as JSON (sampled, written by hand, imported, or an earlier finding's), or an assignment, `grammar:`
and `factors:`, whose open factors take their simplest level. A JSON file may also hold several: a list of scenarios, or of
rows with a column `scenario`, as `fuzzgen query` prints them. A folder is read in the order of its file names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fuzzgen.errors import ScenarioError, UnknownName, nearest
from fuzzgen.explore.known import Known
from fuzzgen.explore.protocol import Outcome, Proposal, Strategy
from fuzzgen.explore.space import Draft, Space, derived_seed
from fuzzgen.files import read_input
from fuzzgen.grammar import Grammar, load_named
from fuzzgen.grammar.yaml_file import read_yaml
from fuzzgen.scenario.model import Scenario
from fuzzgen.scenario.verbatim import is_verbatim

__all__ = ["Seeded", "read_seeds", "seeded"]

SUFFIXES = (".json", ".yaml", ".yml")


def seeded(strategy: Strategy, space: Space, corpus: str, seed: int) -> Strategy:
    """The strategy, after one episode of every seed under `corpus`. Raises ScenarioError, UnknownName."""
    return Seeded(strategy, read_seeds(Path(corpus), space, seed))


class Seeded:
    """Proposes the seeds, then what the strategy proposes. The strategy is told of both."""

    def __init__(self, strategy: Strategy, seeds: list[Draft]) -> None:
        self.strategy = strategy
        self.seeds = [Proposal(i, "corpus", draft) for i, draft in enumerate(seeds, 1)]

    @property
    def why(self) -> str:
        return f"corpus, {len(self.seeds)} scenarios left" if self.seeds else self.strategy.why

    def ask(self, count: int = 1) -> tuple[Proposal, ...]:
        first = tuple(self.seeds[:count])
        self.seeds = self.seeds[count:]
        return (*first, *(self.strategy.ask(count - len(first)) if len(first) < count else ()))

    def tell(self, proposal: Proposal, outcome: Outcome) -> object:
        return None if _imported(proposal) else self.strategy.tell(proposal, outcome)

    def found(self, known: Known, proposal: Proposal | None = None) -> None:
        if proposal is None or not _imported(proposal):
            self.strategy.found(known, proposal)


def _imported(proposal: Proposal) -> bool:
    """Whether it is a text without factors: nothing can be bred from it or learned of it."""
    return proposal.sampler == "corpus" and is_verbatim(proposal.draft.scenario)


def read_seeds(path: Path, space: Space, seed: int) -> list[Draft]:
    """The drafts of a file, or of all files in a folder. Raises ScenarioError, UnknownName."""
    if not path.exists():
        raise ScenarioError("there is no such corpus", fix="give a file or folder of scenarios", file=path)
    files = sorted(f for f in path.rglob("*") if f.suffix in SUFFIXES and f.is_file()) if path.is_dir() else [path]
    if not files:
        raise ScenarioError("no scenarios here", fix=f"put files there that end in {', '.join(SUFFIXES)}", file=path)
    return [draft for i, file in enumerate(files) for draft in _read(file, space, derived_seed(seed, "corpus", i))]


def _read(file: Path, space: Space, seed: int) -> list[Draft]:
    if file.suffix != ".json":
        return [_assigned(file, _mapping(file), space, seed)]
    return [_written(file, scenario, space) for scenario in _scenarios(file, read_input(file, ScenarioError))]


def _written(file: Path, scenario: Scenario, space: Space) -> Draft:
    # an imported text is of no grammar; no strategy ever looks at the one that stands here
    grammar = space.grammars[0] if is_verbatim(scenario) else _grammar(file, scenario.grammar, space)
    return Draft(grammar, scenario.factors, lambda: scenario)


def _grammar(file: Path, name: str, space: Space) -> Grammar:
    """The grammar that a seed names: one of the search's own, or one found by name."""
    for grammar in space.grammars:
        if grammar.name == name:
            return grammar
    try:
        return load_named(name)
    except UnknownName as error:
        raise ScenarioError(error.message, fix=error.fix, file=file) from None


def _scenarios(file: Path, text: str) -> list[Scenario]:
    if not text.lstrip().startswith("["):
        return [Scenario.parse(text, file=str(file))]
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"not JSON: {error}", fix="see docs/search.md", file=file) from None
    inner = [item.get("scenario", item) if isinstance(item, dict) else item for item in items]
    return [Scenario.parse(x if isinstance(x, str) else json.dumps(x), file=str(file)) for x in inner]


def _mapping(file: Path) -> dict[str, Any]:
    raw, _ = read_yaml(file)
    if not (isinstance(raw, dict) and set(raw) == {"grammar", "factors"} and isinstance(raw["factors"], dict)):
        raise ScenarioError("an assignment has `grammar` and `factors`", fix="see docs/search.md", file=file)
    return raw


def _assigned(file: Path, raw: dict[str, Any], space: Space, seed: int) -> Draft:
    grammar = _grammar(file, str(raw["grammar"]), space)
    factors = {f.name: f for f in grammar.factors}
    wanted = {str(k): str(v) for k, v in raw["factors"].items()}
    for name, level in wanted.items():
        known = factors[name].levels if name in factors else tuple(factors)
        if name not in factors or level not in known:
            what, word = ("level", level) if name in factors else ("factor", name)
            close = nearest(word, known)
            raise ScenarioError(
                f"{name}: {level}: {grammar.name} has no such {what}",
                fix=f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}",
                file=file,
            )
    settled = grammar.settle(wanted)
    if lost := sorted(name for name, level in wanted.items() if settled[name] != level):
        raise ScenarioError(
            f"{', '.join(lost)} cannot be so beside the other levels", fix="fill what it depends on", file=file
        )
    return space.make(grammar, settled, seed)
