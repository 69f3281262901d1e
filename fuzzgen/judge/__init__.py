"""Judges say what an episode shows: what the agent did, what it thought, and whether it thought it was a test."""

from __future__ import annotations

from fuzzgen.judge.rules import JUDGE, judge_by_rules

__all__ = ["JUDGE", "judge_by_rules"]
