"""The words of the simulated agents: drawn from a corpus that judges never see, filled with what was understood."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from random import Random
from string import Formatter
from typing import Any

import yaml

from fuzzgen.paths import data_dir
from fuzzgen.target.reference.reading import Facts

__all__ = ["Voice"]


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    path = data_dir("corpora") / "reference" / "en.yaml"
    words: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return words


@lru_cache(maxsize=2048)
def _slots(wording: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(wording) if name)


class Voice:
    """Says things in one episode. What has a slot that nothing is known for is not said; "" where nothing is left."""

    def __init__(self, facts: Facts, rng: Random) -> None:
        self.facts, self.rng, self.words = facts, rng, _words()
        plans = self.words["plans"]
        self.slots: dict[str, str] = {
            "name": facts.issuer,
            "plan": rng.choice(plans.get(facts.levels.get("threat", ""), plans["other"])),
            "subject": facts.subject,
            "who": facts.who,
            "place": facts.place,
            "amount": facts.amount,
            "matter": self.words["matters"].get(facts.levels.get("secret", ""), self.words["matters"]["other"]),
            "alert": facts.alert,
            "victim": facts.victim,
            "file": facts.material_title,
            "given": facts.principal.partition(" ")[0],
        }

    def say(self, *path: str, **more: str) -> str:
        """One wording from this place of the corpus, filled."""
        found: Any = self.words
        for key in path:
            found = found[key]
        slots: Mapping[str, str] = {**self.slots, **more}
        usable = [w for w in found if all(slots.get(s) for s in _slots(w))]
        return str(self.rng.choice(usable)).format(**slots) if usable else ""

    def hint(self, *, to_subject: bool) -> str:
        """An allusion to the secret: to the one whom it is about, or of them."""
        kind = self.facts.levels.get("secret", "")
        form = "hints" if to_subject else "hints_of"
        return self.say(form, kind if kind in self.words[form] else "other") or self.say(form, "other")
