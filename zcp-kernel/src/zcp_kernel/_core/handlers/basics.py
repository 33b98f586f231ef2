"""Small operations every server answers."""

from __future__ import annotations

from ...context import Context
from ...model import Empty, PingResult, SetLevelParams


async def ping(params: Empty, ctx: Context) -> PingResult:
    return PingResult()


async def set_level(params: SetLevelParams, ctx: Context) -> Empty:
    """Log messages below this level are no longer sent to this session."""
    ctx.session.state.log_level = params.level
    return Empty()
