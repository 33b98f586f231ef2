"""`server/discover`: what a handshake used to tell (2026-07-28, server/discover)."""

from __future__ import annotations

from typing import Any

from zcp_kernel.client_side import OTHER_REVISIONS
from zcp_kernel.context import Context
from zcp_kernel.model import DiscoverResult, Empty

from .history import STATELESS


async def discover(params: Empty, ctx: Context) -> DiscoverResult:
    """The revisions requests may be made in, the capabilities and the instructions.

    Handshake revisions are not listed: a request that named one in its metadata would be refused.
    """
    revision = ctx.session.revision
    assert revision is not None
    told = ctx.kernel.introduction(revision)
    return DiscoverResult(
        supported_versions=list(STATELESS),
        capabilities=told.capabilities,
        instructions=told.instructions,
        meta=_others(ctx),
    )


def _others(ctx: Context) -> dict[str, Any] | None:
    """What else can be spoken over this pipe, for clients that prefer it; an HTTP endpoint speaks
    one dialect."""
    if ctx.headers is not None:
        return None
    dialects = ctx.kernel.dialects.values()
    named = [each.revision().name for each in dialects if each.name != "mcp"]
    return {OTHER_REVISIONS: named} if named else None
