"""What a session is told to keep is stored before anybody is told that it is; and it is still there
when the session goes on in another process."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import asgi
import pytest
from attrs import define, field
from shared_workers import Client, killed, workers
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_kernel.jsontext import loads
from zcp_store_sqlite import StoreError
from zcp_transport_http.app import create_asgi_app
from zcp_transport_http.client.memory import MemoryHTTP
from zcp_transport_http.cluster.joining import FOLDER, SECRET

pytestmark = pytest.mark.anyio

URI = "note://1"


def notes() -> FastZCP:
    app = FastZCP("Notes", version="1")

    @app.resource(URI, name="note")
    async def note() -> str:
        return "text"

    return app


@define
class Saving:
    """Session stores' `save`, held back. `facts` are those it was given."""

    save: Any
    facts: list[Any] = field(factory=list)
    asked: anyio.Event = field(factory=anyio.Event)
    go_on: anyio.Event = field(factory=anyio.Event)
    failures: int = 0

    async def __call__(self, session: Any) -> None:
        self.facts.append(loads(session.facts))
        self.asked.set()
        await self.go_on.wait()
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full, on purpose")
        await self.save(session)


@asynccontextmanager
async def one_of_several(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[asgi.Client, Saving]]:
    """A session in a process of several, from now on with a slow store."""
    monkeypatch.setenv(FOLDER, str(folder))
    monkeypatch.setenv(SECRET, secrets.token_hex(16))
    app = notes()
    url = f"sqlite:///{folder / 'zcp.db'}"
    config = ServerConfig.load(app.host, environ={}, sections={"store": {"url": url}})
    application = create_asgi_app(app, config)
    cluster: Any = application.composition.cluster
    async with anyio.create_task_group() as group:
        client = asgi.Client(MemoryHTTP(application, group), "/mcp", host="127.0.0.1")
        await client.initialize()
        saving = Saving(cluster._store.save)
        monkeypatch.setattr(cluster._store, "save", saving)
        yield client, saving
        await application.aclose()
        group.cancel_scope.cancel()


async def test_nobody_is_told_before_it_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[asgi.Answer] = []
    async with one_of_several(tmp_path, monkeypatch) as (client, saving):

        async def subscribe() -> None:
            answers.append(await client.post(client.call("resources/subscribe", {"uri": URI})))

        async with anyio.create_task_group() as group:
            group.start_soon(subscribe)
            with anyio.fail_after(10):
                await saving.asked.wait()
            # Whatever could answer has had its turn.
            await anyio.wait_all_tasks_blocked()
            assert answers == []
            saving.go_on.set()
        assert [answer.status for answer in answers] == [200]
        assert [each["subscriptions"] for each in saving.facts] == [[URI]]
        await client.post(client.call("ping"))
        assert len(saving.facts) == 1, "what is stored is not stored again"


async def test_what_could_not_be_stored_is_stored_with_the_next_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with one_of_several(tmp_path, monkeypatch) as (client, saving):
        saving.failures = 1
        saving.go_on.set()
        subscribed = await client.post(client.call("resources/subscribe", {"uri": URI}))
        assert subscribed.status == 200
        assert (await client.post(client.call("ping"))).status == 200
        assert [each["subscriptions"] for each in saving.facts] == [[URI], [URI]]


def test_short_names_of_handles_outlive_a_worker(tmp_path: Path) -> None:
    with workers(tmp_path) as one:
        client = Client(one, "/zcp", "zcp/1").open()

        def keep() -> Any:
            return client.ask("tools/call", {"name": "large", "arguments": {}}).message["result"]

        first = keep()["handle"]
        killed(client.call("which_process"))
        read = {"handle": first["alias"], "offset": 7, "limit": 1}
        assert client.ask("handles/read", read).message["result"]["value"] == [7]
        assert keep()["handle"]["alias"] != first["alias"]
