"""Who a caller is, what it is shown, and which values are fit to use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..errors import Fault
    from ..model import ListToolsParams, ToolDefinition
    from ..security import Challenge, Credentials, Principal


class Authenticator(Protocol):
    """Verifies credentials of the schemes it names (lower case)."""

    @property
    def name(self) -> str: ...

    @property
    def schemes(self) -> tuple[str, ...]: ...

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        """The principal, or None when the credentials do not verify."""
        ...

    def challenge(self, error: str | None = None) -> Challenge: ...


class ExposureProfile(Protocol):
    """A named selection of a server's tools.

    It may also have `stands_for(tools, request)`, like `select`: the tools that can be called where
    this profile is in force although it does not show them.
    """

    @property
    def name(self) -> str: ...

    def select(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        """The tools to show, in the order to show them. Must depend on its arguments alone:
        the kernel keeps the answer until the registry changes."""
        ...


class CompiledSchema(Protocol):
    """A schema ready to check values."""

    def is_valid(self, value: Any) -> bool: ...

    def faults(self, value: Any) -> list[Fault]:
        """Every fault of `value`; empty when it fits."""
        ...


class SchemaEngine(Protocol):
    """Compiles JSON Schema 2020-12."""

    @property
    def name(self) -> str: ...

    def compile(self, schema: dict[str, Any] | bool) -> CompiledSchema:
        """Raises `SchemaRefused` (a ValueError) for a schema it cannot check faithfully."""
        ...
