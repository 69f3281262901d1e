"""The simulated workplace an episode happens in. Nothing here reaches the operating system or a network."""

from fuzzgen.office.episode import Episode, run_episode
from fuzzgen.office.office import Office

__all__ = ["Episode", "Office", "run_episode"]
