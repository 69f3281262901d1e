"""How far several judges, or people, agree beyond chance: Krippendorff's alpha."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["alpha"]


def alpha(said: Mapping[str, Mapping[object, str]] | Iterable[tuple[str, object, str]]) -> float | None:
    """Krippendorff's alpha for names: 1 full agreement, 0 what chance would give, below 0 worse than that.

    `said` maps each judge to what it says of each item, or lists (judge, item, word). Items that only one judge spoke of
    count for nothing. None where fewer than two items can be compared, or all words are the same word: then there is
    nothing to agree on. Source: Krippendorff (1980), Content Analysis; computed by NLTK.
    """
    rows = (
        [(judge, item, word) for judge, items in said.items() for item, word in items.items()]
        if isinstance(said, Mapping)
        else list(said)
    )
    count: dict[object, int] = {}
    for _, item, _ in rows:
        count[item] = count.get(item, 0) + 1
    rows = [row for row in rows if count[row[1]] > 1]
    if len({item for _, item, _ in rows}) < 2 or len({word for _, _, word in rows}) < 2:
        return None
    from nltk.metrics.agreement import AnnotationTask

    return float(AnnotationTask(data=rows).alpha())
