"""From a template's raw output to a text as people write it.

Templates are written one sentence or clause a line. Lines run together into paragraphs, which blank lines separate; a
line that begins with a dash, a bar, `>` or a number with a full stop stands by itself, and a backslash at a line's end
keeps its break. Lines are joined by a space, except where a Chinese character or punctuation mark stands on either side;
a Latin word within Chinese text is set off by spaces.
"""

from __future__ import annotations

import re

from fuzzgen.render.sandbox import TRACELESS

__all__ = ["compose", "one_line", "quoted", "split_subject"]

_OWN_LINE = re.compile(r"(?:[-*>|]\s|\d{1,2}\.\s|<)")
_SPACES = re.compile(r"[ \t]+")
_LOOSE = re.compile(r" +(?=[,;:!?.](?:\s|$))")
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_LATIN, _HAN = "[A-Za-z\u00c0-\u024f\u1e00-\u1eff]", "[\u3400-\u9fff]"
_SCRIPTS_MEET = re.compile(rf"(?<={_LATIN})(?={_HAN})|(?<={_HAN})(?={_LATIN})")
QUOTED_LINES = 12


def one_line(text: str) -> str:
    """A value as it may stand in a header: controls and line breaks become spaces."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return _SPACES.sub(" ", text).strip()


def compose(raw: str) -> str:
    """The text that a template's raw output stands for."""
    paragraphs: list[list[str]] = [[]]
    broken = True  # whether the next line begins a line of the text
    raw = _SPACES.sub(" ", raw.replace(TRACELESS + "\n", "").replace(TRACELESS, ""))
    for line in raw.split("\n"):
        line = line.strip()
        if not line:
            if paragraphs[-1]:
                paragraphs.append([])
            broken = True
            continue
        own = not line[0].isalpha() and _OWN_LINE.match(line) is not None
        keep = line.endswith("\\")
        if keep:
            line = line[:-1].rstrip()
        if broken or own:
            paragraphs[-1].append(line)
        else:
            paragraphs[-1][-1] += _between(paragraphs[-1][-1], line) + line
        broken = keep
    text = _LOOSE.sub("", "\n\n".join("\n".join(p) for p in paragraphs if p))
    return text if text.isascii() else _SCRIPTS_MEET.sub(" ", text)


def _between(before: str, after: str) -> str:
    """What joins two lines: nothing where either meets the other in a script that puts no spaces between words."""
    return "" if _UNSPACED.match(before[-1:]) or _UNSPACED.match(after[:1]) else " "


def split_subject(text: str) -> tuple[str, str]:
    """Subject and body: the first paragraph's first line is `Subject: …`. Without one the subject is empty."""
    head, _, rest = text.partition("\n")
    if not head.startswith("Subject:"):
        return "", text
    return one_line(head.removeprefix("Subject:")), rest.strip("\n")


def quoted(text: str) -> str:
    """A text as a reply quotes it: each line behind `> `, cut after twelve lines."""
    lines = text.split("\n")
    if len(lines) > QUOTED_LINES:
        lines = [*lines[:QUOTED_LINES], "[…]"]
    return "\n".join(f"> {line}".rstrip() for line in lines)
