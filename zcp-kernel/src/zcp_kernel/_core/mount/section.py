"""One mount's share of one catalogue: what its objects are called here.

Rules of this file:
- A name once given stays: neither a backend that joins later nor a refreshed list changes it.
- Who is there first keeps a bare name; whoever comes later has its qualified name, `backend.name`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from ..client.backends import BACKEND_META, QUALIFIED_META
from ..registry.catalogue import Catalogue

log = logging.getLogger("zcp.mount")

T = TypeVar("T")
Make = Callable[[str, str], T]
"""An item, from its key here and its qualified name."""


class Section(Generic[T]):
    """Objects of one kind. With a `prefix` each is called `prefix.key`; without one it keeps its
    key while nobody else has it."""

    def __init__(self, catalogue: Catalogue[T], prefix: str | None = None) -> None:
        self._catalogue = catalogue
        self._prefix = prefix
        self._place = catalogue.reserve()
        self._given: dict[str, str] = {}
        self._held: set[str] = set()
        self.names: dict[str, str] = {}
        """Key there -> key here, of what is listed now."""

    def publish(self, items: Mapping[str, Make[T]], backend: str) -> None:
        """List these, by their keys there, instead of what was listed."""
        names: dict[str, str] = {}
        used: set[str] = set()
        for key in items:
            name = self._name(key, backend)
            if name is None or name in used:
                log.warning(
                    "%s %r of %s is left out: its name is taken", self._catalogue.kind, key, backend
                )
            else:
                names[key] = self._given[key] = name
                used.add(name)
        self.names, self._held = names, used
        qualified = {key: f"{self._prefix or backend}.{key}" for key in names}
        made = {name: items[key](name, qualified[key]) for key, name in names.items()}
        aliases = {qualified[key]: name for key, name in names.items() if qualified[key] != name}
        self._catalogue.fill(self._place, made, aliases)

    def _name(self, key: str, backend: str) -> str | None:
        qualified = f"{self._prefix or backend}.{key}"
        wanted = qualified if self._prefix else key
        for name in (self._given.get(key, wanted), qualified):
            if name in self._held or name not in self._catalogue:
                return name
        return None


def stamped(
    meta: Mapping[str, Any] | None, backend: Mapping[str, Any], name: str, qualified: str
) -> dict[str, Any]:
    """`_meta` with where an object comes from, and its qualified name if that is another."""
    own = {**(meta or {}), BACKEND_META: dict(backend)}
    own.pop(QUALIFIED_META, None)
    return own if name == qualified else {**own, QUALIFIED_META: qualified}
