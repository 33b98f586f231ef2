"""What plugins brought to keep state in, and which of it configuration chose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...errors import ConfigError

MEMORY = "memory"


class Stores:
    """The stores of one composition, by contract and name.

    A store whose `configured` is true was given a place by a section of its plugin: it is the
    default. Without one state stays in memory, whatever plugins are installed.
    """

    def __init__(self, brought: Iterable[Any]) -> None:
        self._brought = tuple(brought)

    def all(self, contract: Any) -> dict[str, Any]:
        """Every store of this contract, by name."""
        return {store.name: store for store in self._brought if isinstance(store, contract)}

    def shared(self, contract: Any) -> Any | None:
        """The configured store of this contract, None if there is none.

        Raises `ConfigError` if there are several.
        """
        every = self.all(contract).values()
        found = [store for store in every if getattr(store, "configured", False)]
        if len(found) > 1:
            names = ", ".join(sorted(store.name for store in found))
            raise ConfigError(f"several {contract.__name__}s are configured ({names}): keep one")
        return found[0] if found else None

    def chosen(self, contract: Any, name: str | None, setting: str) -> Any:
        """The store of this name; without one, the configured one, or else memory. Raises
        `ConfigError`."""
        if name is None:
            name = getattr(self.shared(contract), "name", MEMORY)
        found = self.all(contract)
        if name not in found:
            raise ConfigError(
                f"{setting} = {name!r}: no such {contract.__name__}; known: "
                f"{', '.join(sorted(found))}. Is the plugin that brings it installed?"
            )
        return found[name]
