"""A session that goes on in another process has what it had, and is fed with what it watched."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from harness import make_app
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.model import Capabilities, Implementation
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import local_principal
from zcp_kernel.session import NOWHERE, facts_of, restore

pytestmark = pytest.mark.anyio

URI, GONE = "note://1", "note://gone"


def compose(watched: list[str]) -> Kernel:
    app = make_app()

    @app.resource(URI, name="note")
    async def note() -> str:
        return "text"

    kernel: Kernel = app.compose()
    found = kernel.registry.resources.get(URI)
    assert found is not None

    async def watch(uri: str, ctx: Any) -> None:
        watched.append(uri)

    found.watch = watch
    return kernel


async def test_it_has_what_it_had() -> None:
    before, after = compose([]), compose(watched := [])
    first = before.open_session(NOWHERE, local_principal())
    revision = next(iter(before.dialects.values())).revision()
    first.adopt(revision)
    first.state.client_info = Implementation("client", "1")
    first.state.capabilities = Capabilities(roots={"listChanged": True})
    first.state.log_level = "warning"
    first.state.subscriptions |= {URI, GONE}
    first.state.initialized = True
    facts = loads(dumps(facts_of(first)))
    async with after.running():
        second = after.open_session(NOWHERE, local_principal())
        restore(second, revision, facts)
        assert second in after.audience
        with anyio.fail_after(10):
            while GONE in second.state.subscriptions:  # noqa: ASYNC110 - done in the background
                await anyio.sleep(0.01)
        assert watched == [URI], "whatever feeds this process knows that somebody listens"
        assert facts_of(second) == {**facts, "subscriptions": [URI]}
