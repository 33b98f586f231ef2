"""What a server says at its start about settings that are probably not meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .guard.bearer import StaticBearer
from .logs import LOGGER

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

    from .guard.credentials import Gate
    from .settings import Settings


def advise(kernel: Kernel, settings: Settings, gate: Gate) -> None:
    """Log a warning for each."""
    for warning in _warnings(kernel, settings, gate):
        LOGGER.warning(warning)


def _warnings(kernel: Kernel, settings: Settings, gate: Gate) -> Iterator[str]:
    production = kernel.config.section("server").environment == "production"
    needed = required_scopes(kernel)
    bearers = [each for each in gate.authenticators if isinstance(each, StaticBearer)]
    for bearer in bearers:
        if production and bearer.is_placeholder:
            yield (
                "the bearer token is a placeholder anybody can guess; set a secret one: "
                "BearerAuthConfig(token=…), or ZCP_AUTH__TOKEN"
            )
        missing = sorted(needed - bearer.scopes)
        if missing and len(gate.authenticators) == 1:
            yield (
                f"the bearer token does not hold {', '.join(missing)}: calls that need them are "
                "refused. Name them in BearerAuthConfig(scopes=…), ZCP_AUTH__SCOPES, or the app's "
                "auth_profile"
            )
    if needed and not gate.closed:
        yield (
            f"scopes are required ({', '.join(sorted(needed))}) but nobody can sign in: callers "
            "are anonymous, and calls that need them are refused. Configure a way in: "
            "BearerAuthConfig(token=…), or ZCP_AUTH__TOKEN"
        )
    if production and "*" in settings.http.allowed_hosts:
        yield (
            "allowed_hosts is '*': pages of any site can reach this server through a visitor's "
            "browser; name the hosts"
        )


def required_scopes(kernel: Kernel) -> set[str]:
    """Every scope something of this server asks for."""
    registry = kernel.registry
    catalogues = (
        registry.tools, registry.resources, registry.templates, registry.prompts,
        registry.task_kinds,
    )  # fmt: skip
    return {scope for each in catalogues for item in each for scope in item.required_scopes}
