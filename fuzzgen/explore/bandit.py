"""Shares out episodes between two or more samplers by what they brought lately, with a floor for each.

Probability matching on discounted rewards: an arm's share is its floor plus its part of the rewards per episode, of which
old ones count ever less. What an arm brought is told when the outcome is in, an ask later or a hundred: nothing is paired
with anything, which is what libraries for bandits want (they fit a batch of decisions with its rewards).
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

__all__ = ["Bandit"]

MEMORY = 600.0  # episodes over which a reward fades to 1/e
PRIOR = 100.0


class Bandit:
    """`floors` are the least shares, summing to less than 1.

    `prior` says what an episode of each arm is taken to bring before anything is known; it weighs PRIOR episodes.
    """

    def __init__(
        self, floors: Mapping[str, float], rng: Random, prior: Mapping[str, float], memory: float = MEMORY
    ) -> None:
        self.floors, self.rng = dict(floors), rng
        self.fade = 1 - 1 / memory
        self.prior = dict(prior)
        self.reward = dict.fromkeys(floors, 0.0)
        self.episodes = dict.fromkeys(floors, 0.0)

    def value(self, arm: str) -> float:
        """Reward per episode of an arm, of late."""
        return (self.reward[arm] + self.prior[arm] * PRIOR) / (self.episodes[arm] + PRIOR)

    def share(self, arm: str) -> float:
        """The probability with which the arm is chosen next."""
        free = 1 - sum(self.floors.values())
        total = sum(self.value(a) for a in self.floors)
        return self.floors[arm] + free * self.value(arm) / total

    def choose(self) -> str:
        """An arm, at random by the shares."""
        arms = list(self.floors)
        return self.rng.choices(arms, [self.share(a) for a in arms])[0]

    def tell(self, arm: str, reward: float) -> None:
        """One episode of an arm is in, and brought this."""
        for a in self.floors:
            self.reward[a] *= self.fade
            self.episodes[a] *= self.fade
        self.reward[arm] += reward
        self.episodes[arm] += 1

    def credit(self, arm: str, reward: float) -> None:
        """An earlier episode of an arm turned out to have brought more."""
        self.reward[arm] += reward
