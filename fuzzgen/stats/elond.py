"""Confirming many candidates while keeping the share of false findings below alpha.

Thousands of scenarios are tried and some hit by luck. Candidates are confirmed in the order in which they come up,
each with fresh episodes against "p <= min_rate". The t-th needs an e-value of 1 / (alpha * gamma_t * (discoveries+1)):
harder the later it comes, easier the more has been found. The expected share of false ones among all discoveries is
then at most alpha, under any dependence between candidates and at any stopping time.

Proof in a line: at its confirmation the t-th candidate has E >= 1/(alpha gamma_t (d+1)) and there are at least d+1
discoveries in the end, so its expected share is at most alpha gamma_t E[E] <= alpha gamma_t; the gammas sum to 1.

Source: Xu and Ramdas (2024), Online multiple testing with e-values, AISTATS (the procedure e-LOND).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log1p
from typing import Literal

from fuzzgen.errors import UsageError
from fuzzgen.stats._checks import check_probability
from fuzzgen.stats.evalues import log_e_high, log_e_low

__all__ = ["Confirmation", "ConfirmationState", "elond_gamma", "elond_level"]

ConfirmationState = Literal["confirmed", "dismissed", "undecided", "open"]


def elond_gamma(position: int) -> float:
    """The share of alpha for the candidate at `position` (from 1); all of them sum to exactly 1.

    1/(1+ln t) - 1/(1+ln(t+1)): the sum telescopes, and it falls hardly faster than 1/t, so late candidates stay
    confirmable (.41 for the first, 2e-5 for the thousandth, where 1/(t(t+1)) would leave 1e-6).
    """
    if position < 1:
        raise UsageError(f"position {position}", fix="candidates are counted from 1")
    now, step = 1 + log(position), log1p(1 / position)
    return step / (now * (now + step))


def elond_level(position: int, discoveries: int, alpha: float = 0.05) -> float:
    """The e-value (not its log) that confirms the candidate at `position` (from 1) after `discoveries` others.

    1 / (alpha * elond_gamma(position) * (discoveries + 1)). Count discoveries by distinct fingerprint.
    """
    check_probability("alpha", alpha)
    if discoveries < 0:
        raise UsageError(f"{discoveries} discoveries", fix="give 0 or more")
    return 1 / (alpha * elond_gamma(position) * (discoveries + 1))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The rule for one candidate.

    position  which candidate it is, in the order in which they came up, from 1
    min_rate  the rate that it has to exceed
    alpha     bound on the expected share of false discoveries
    abandon   gives up when the evidence against "p >= min_rate" reaches 1/abandon; costs power, never validity
    cap       started trials after which it is left undecided
    """

    position: int
    min_rate: float = 0.1
    alpha: float = 0.05
    abandon: float = 0.1
    cap: int = 400

    def decide(self, hits: int, valid: int, discoveries: int, started: int | None = None) -> ConfirmationState:
        """What `hits` in `valid` fresh trials (of `started`) say, given the discoveries so far.

        Missing trials count against the claim on both sides: as misses for confirming, as hits for dismissing.
        """
        started = valid if started is None else started
        missing = started - valid
        if log_e_low(hits, started, self.min_rate) >= log(elond_level(self.position, discoveries, self.alpha)):
            return "confirmed"
        if log_e_high(hits + missing, started, self.min_rate) >= log(1 / self.abandon):
            return "dismissed"
        return "undecided" if started >= self.cap else "open"
