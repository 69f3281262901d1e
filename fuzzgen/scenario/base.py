"""Frozen models, and the canonical form that names them.

Whatever is stored, compared or pooled is named by the SHA-256 of its canonical JSON: keys sorted, no spaces, UTF-8 as
it is, no floats. Two things with the same name are the same thing, in any process and any release that reads them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

__all__ = ["Frozen", "canonical_json", "content_hash"]

ID_LENGTH = 16


class Frozen(BaseModel):
    """Base of the shared types: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy. What was computed from the old content (cached properties) does not go along with it."""
        copy = super().model_copy(update=update, deep=deep)
        for name in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[name]
        return copy


def canonical_json(value: Any) -> str:
    """The one text form of a JSON value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(value: Any) -> str:
    """The name of a JSON value: the first 16 hexadecimal digits of the SHA-256 of its canonical form."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()[:ID_LENGTH]
