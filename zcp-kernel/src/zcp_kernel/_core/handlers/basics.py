"""Small operations every server answers."""

from __future__ import annotations

from ...context import Context
from ...errors import InvalidParams
from ...model import LOG_LEVELS, Empty, PingResult, SetLevelParams


async def ping(params: Empty, ctx: Context) -> PingResult:
    return PingResult()


async def set_level(params: SetLevelParams, ctx: Context) -> Empty:
    """Log messages below this level are no longer sent to this session."""
    if params.level not in LOG_LEVELS:
        raise InvalidParams(
            f"invalid:level: {params.level!r} is not one of {', '.join(LOG_LEVELS)}"
        )
    ctx.session.state.log_level = params.level
    return Empty()
