"""What is wrong with a grammar and its texts beyond what loading refuses, and how alike its scenarios are."""

from fuzzgen.lint.consistency import contradictions
from fuzzgen.lint.problem import Problem
from fuzzgen.lint.productions import production_problems
from fuzzgen.lint.realism import Realism, realism
from fuzzgen.lint.texts import text_problems

__all__ = ["Problem", "Realism", "contradictions", "lint", "production_problems", "realism", "text_problems"]


def lint(name: str) -> tuple[Problem, ...]:
    """All problems of a grammar (a name or path), in order of file and line. Raises GrammarError where it cannot load."""
    from fuzzgen.grammar import load_grammar

    grammar = load_grammar(name)
    found = list(text_problems(grammar))
    if not found:  # what follows renders scenarios, which takes texts without mistakes
        found += production_problems(grammar)
    return tuple(sorted(set(found), key=lambda p: (str(p.file), p.line, p.message)))
