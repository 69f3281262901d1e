"""Scenario → messages, tool schemas and office items, by sandboxed Jinja2."""

from fuzzgen.render.language import Language, load_language
from fuzzgen.render.render import render

__all__ = ["Language", "load_language", "render"]
