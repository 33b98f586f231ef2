"""Why a schema has no strict form."""

from __future__ import annotations


class Inexpressible(Exception):
    """The strict subset has no form for this schema; the message says why."""


class Impossible(Inexpressible):
    """No value fits this schema."""
