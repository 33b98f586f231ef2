"""The tool `acme.greet`."""

from __future__ import annotations

from zcp_kernel.registry import Registry

from .settings import AcmeSection


def add_tools(registry: Registry, settings: AcmeSection) -> None:
    """Add the tools of this plugin to a composition."""

    @registry.tool(name="acme.greet", meta={"groups": ["acme"]})
    async def greet(name: str) -> str:
        """Greet somebody."""
        return f"{settings.greeting}, {name}!"
