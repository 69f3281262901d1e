"""The coverage of a grammar, as people read it and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuzzgen.cli.output import clean, console

if TYPE_CHECKING:
    from fuzzgen.explore.coverage import Coverage
    from fuzzgen.grammar import Grammar

__all__ = ["coverage_data", "print_coverage"]

AT_ONCE = {1: "levels", 2: "pairs of levels", 3: "triples of levels"}


def coverage_data(grammar: Grammar, result: Coverage, source: str) -> dict[str, Any]:
    """All of it, with every missing production and combination."""
    return {
        "name": grammar.name,
        "version": grammar.version,
        "source": source,
        "scenarios": result.scenarios,
        "assignments": result.assignments,
        "productions": {
            p.kind: {"exercised": p.exercised, "feasible": p.feasible, "missing": p.missing} for p in result.productions
        },
        "strength": result.strength,
        "exercised": result.feasible - result.missing,
        "feasible": result.feasible,
        "missing": [dict(zip(c.factors, levels, strict=True)) for c in result.combinations for levels in c.missing],
        "unknown": [{"factor": f, "level": v} for f, v in result.unknown],
    }


def print_coverage(grammar: Grammar, result: Coverage, source: str, most: int) -> None:
    """Two tables, and at most `most` rows of factors that lack combinations, the emptiest first."""
    from rich.table import Table

    out = console()
    out.print(
        f"{clean(grammar.name)}: {result.scenarios:,} scenarios with {result.assignments:,} distinct assignments of "
        f"factors, from {clean(source)}"
    )
    table = Table("production", "exercised", "of", "missing")
    for p in result.productions:
        table.add_row(p.kind, f"{p.exercised:,}", f"{p.feasible:,}", ", ".join(p.missing))
    out.print(table)
    done = result.feasible - result.missing
    share = f" ({done / result.feasible:.1%})" if result.feasible else ""
    out.print(f"{AT_ONCE[result.strength]}: {done:,} of {result.feasible:,} feasible ones{share}")
    if result.combinations and most:
        table = Table("factors", "missing", "of", "for example")
        for c in result.combinations[:most]:
            shown = "; ".join(" + ".join(levels) for levels in c.missing[:3])
            table.add_row(" × ".join(c.factors), f"{len(c.missing):,}", f"{c.feasible:,}", shown)
        out.print(table)
        if len(result.combinations) > most:
            out.print(f"… and {len(result.combinations) - most:,} more rows (--missing N, or --json for all)")
    if result.unknown:
        some = ", ".join(f"{f}={v}" for f, v in result.unknown[:5])
        out.print(f"{len(result.unknown)} levels are not of this version of the grammar: {clean(some)}")
