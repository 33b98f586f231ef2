"""The same handlers over a handshake revision: what they ask are requests there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from zcp_kernel.client import session_over
from zcp_kernel.contracts import Channel
from zcp_kernel.memory import channel_pair
from zcp_kernel.security import local_principal
from zcp_kernel.serving import serve

from .questions import PARIS, app
from .raw import ALICE, serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("greet", "Hello, Alice!"),
        ("capital", "Paris"),
        ("places", "file:///test/root"),
        ("confirm", "state-ok"),
        ("several", "Alice, 1"),
        ("rounds", "Alice/Alice"),
        ("blocking", "Alice"),
    ],
)
async def test_the_same_handlers_over_a_handshake(name: str, said: str) -> None:
    made = app()
    async with serving(made) as server:

        @asynccontextmanager
        async def connect() -> AsyncIterator[Channel]:
            near, far = channel_pair()
            kernel = server.kernel
            kernel.spawn(lambda: serve(kernel, far, principal=local_principal()))
            try:
                yield near
            finally:
                await near.aclose()

        async with session_over(
            connect,
            dialects=[server.kernel.dialects["mcp"]],
            elicitation_handler=lambda request: ALICE,
            sampling_handler=lambda request: PARIS,
            roots_provider=lambda: ["file:///test/root"],
        ) as client:
            result = await client.call_tool(name, {})
            assert said in str(result)
