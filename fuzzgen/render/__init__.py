"""Scenario → messages, tool schemas and office items, by sandboxed Jinja2."""

from fuzzgen.render.language import Language, load_language
from fuzzgen.render.render import brief_texts, render

__all__ = ["Language", "brief_texts", "load_language", "render"]
