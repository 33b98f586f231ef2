"""What a revocation does to sessions and sockets that are open."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from zcp_kernel.contracts import Stage
from zcp_kernel.errors import ZCPError
from zcp_kernel.session import ZCPServerSession

from ..models import Revocation
from ..threads import Threads
from .liveness import POLL_SECONDS, Liveness
from .verifying import VerifiedToken

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from zcp_kernel.context import Context
    from zcp_kernel.contracts import Handler
    from zcp_kernel.runtime import Kernel

LOGGER = logging.getLogger("zcp.oauth")
REASON = "the token was revoked"
UNAUTHENTICATED = 401


class TokenEnded(ZCPError):
    """The session's token has expired or was revoked: come back with another."""

    code = UNAUTHENTICATED


Running = set["Context"]
"""The calls under way whose callers came with a token."""


def stage(liveness: Liveness[VerifiedToken], running: Running) -> Stage:
    """Refuses whatever comes over a session whose token is no longer good: on a link that was let
    in once, such as a WebSocket, nobody else would notice. What goes on is in `running`."""

    async def proceeding(params: Any, ctx: Context, proceed: Handler) -> Any:
        running.add(ctx)
        try:
            return await proceed(params, ctx)
        finally:
            running.discard(ctx)

    def check(params: Any, ctx: Context, proceed: Handler) -> Awaitable[Any]:
        auth = ctx.principal.auth
        if auth is not None:
            if auth.expires_at is not None and auth.expires_at <= time.time():
                raise TokenEnded("the token of this connection has expired: connect anew")
            if liveness.revoked(auth):
                raise TokenEnded(f"{REASON}: sign in anew")
            return proceeding(params, ctx, proceed)
        return proceed(params, ctx)

    return Stage("oauth.liveness", check, phase="guard")


@asynccontextmanager
async def following(
    kernel: Kernel, liveness: Liveness[VerifiedToken], running: Running, threads: Threads
) -> AsyncGenerator[None, None]:
    """While this is open, revocations are looked for, and end what is open in their name."""

    def ended(revocations: Sequence[Revocation]) -> None:
        kernel.soon(lambda: _end(kernel, liveness, running))

    async def poll() -> None:
        while True:
            await anyio.sleep(POLL_SECONDS)
            try:
                await threads.run(liveness.look)
            except Exception:
                # Nothing cached counts until a look succeeds again.
                LOGGER.exception("cannot look for revoked tokens")

    await threads.run(liveness.look)
    liveness.listeners.append(ended)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(poll)
            yield
            group.cancel_scope.cancel()
    finally:
        liveness.listeners.remove(ended)


def _end(kernel: Kernel, liveness: Liveness[VerifiedToken], running: Running) -> None:
    for ctx in list(running):
        if ctx.auth is not None and ctx.exchange is not None and liveness.revoked(ctx.auth):
            ctx.exchange.end(TokenEnded(f"{REASON} while the call went on: sign in anew"))
    for listener in list(kernel.audience):
        principal = getattr(listener, "principal", None)
        auth = None if principal is None else principal.auth
        if auth is None or not liveness.revoked(auth):
            continue
        listener.close(REASON)
        if isinstance(listener, ZCPServerSession):
            kernel.spawn(listener.channel.aclose)
