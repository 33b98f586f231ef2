"""A client transport for targets `acme:module:app`: the app is imported and served in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from importlib import import_module
from typing import Any

import anyio
from zcp_kernel.app import FastZCP
from zcp_kernel.contracts import Channel
from zcp_kernel.memory import channel_pair
from zcp_kernel.security import local_principal
from zcp_kernel.serving import serve


class AcmeTransport:
    """Serves an importable app to the client that asks for it."""

    name = "acme"
    schemes: tuple[str, ...] = ("acme",)

    def prefer(self, target: Any) -> None:
        """Either dialect is spoken there: the client's own order goes."""

    def connect(self, target: str, **options: Any) -> AbstractAsyncContextManager[Channel]:
        """A channel to the app that `acme:module:attribute` names.

        `scopes` narrows what the client may do. Raises `ValueError` for another kind of target.
        """
        return _connected(_app(target), **options)


@asynccontextmanager
async def _connected(app: FastZCP, scopes: tuple[str, ...] | None = None) -> AsyncIterator[Channel]:
    ours, theirs = channel_pair()
    principal = local_principal(scopes)
    async with app.compose().running() as kernel, anyio.create_task_group() as group:
        group.start_soon(partial(serve, kernel, theirs, principal=principal))
        try:
            yield ours
        finally:
            await ours.aclose()


def _app(target: str) -> FastZCP:
    scheme, _, rest = target.partition(":")
    module, _, attribute = rest.partition(":")
    if scheme != "acme" or not module or not attribute:
        raise ValueError(f"{target!r} is not of the form acme:module:attribute")
    app = getattr(import_module(module), attribute)
    if not isinstance(app, FastZCP):
        raise ValueError(f"{rest} is a {type(app).__name__}, not a FastZCP")
    return app
