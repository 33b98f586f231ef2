"""References inside one schema document (RFC 6901 pointers)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from zcp_kernel.jsontext import is_object

from ...adapters.tools.pointers import referred
from .failures import Inexpressible
from .merge import merged


class References:
    """Finds what `$ref` points at, and gives every target one short name."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._names: dict[str, str] = {}

    def target(self, reference: str) -> Any:
        """The schema referred to. Raises `Inexpressible` where there is none in this document."""
        try:
            return referred(self._document, reference)
        except LookupError as error:
            raise Inexpressible(str(error.args[0])) from None

    def name(self, reference: str) -> str:
        """The name of its definition, the same every time."""
        if reference not in self._names:
            last = unquote(reference).rpartition("/")[2]
            stem = re.sub(r"[^A-Za-z0-9_-]", "_", last if last not in ("", "#") else "root")
            name, number = stem, 2
            while name in self._names.values():
                name, number = f"{stem}_{number}", number + 1
            self._names[reference] = name
        return self._names[reference]

    def follow(self, schema: Any) -> Any:
        """`schema`, or what it refers to together with what stands beside the reference.

        Raises `Inexpressible` for references that only lead to each other.
        """
        seen = set[str]()
        while is_object(schema) and isinstance(reference := schema.get("$ref"), str):
            if reference in seen:
                raise Inexpressible(f"$ref {reference!r} leads to itself")
            seen.add(reference)
            beside = {name: item for name, item in schema.items() if name != "$ref"}
            schema = merged(self.target(reference), beside)
        return schema
