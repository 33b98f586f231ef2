"""Pages a server wants opened before it does what it was asked (MCP 2025-11-25, client/elicitation,
"URL Elicitation Required Error")."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from zcp_kernel._core.client.calling import pages
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import ConnectionLost, RemoteError, URLElicitationRequired

from .conftest import RefusalError
from .eras import Server, handshake, mcp, until

pytestmark = pytest.mark.anyio

Connect = Callable[..., Awaitable[ZCPClientSession]]
AGES = 3600.0
DONE = {"content": [{"type": "text", "text": "done"}]}


def page(name: str, **more: Any) -> dict[str, Any]:
    return {
        "mode": "url",
        "elicitationId": name,
        "url": f"https://files.example/{name}",
        "message": f"Let us see {name}.",
        **more,
    }


class Gated(Server):
    """Does nothing before its pages were visited. `fresh`: it names them anew every time, as many
    servers do."""

    def __init__(self, *names: str, fresh: bool = False, **answers: Any) -> None:
        super().__init__(**{"initialize": handshake(), **answers})
        self.names = names
        self.fresh = fresh
        self.visited: set[str] = set()
        self.refused = 0
        self.ran = 0
        self.answers["tools/call"] = self.answers["prompts/get"] = self.gate

    def gate(self, params: Any) -> Any:
        left = [name for name in self.names if name not in self.visited]
        if left:
            self.refused += 1
            told = [f"{name}-{self.refused}" if self.fresh else name for name in left]
            raise RefusalError(-32042, "Sign in first.", {"elicitations": [*map(page, told)]})
        self.ran += 1
        return DONE if "arguments" in params or params["name"] == "x" else {"messages": []}

    async def done(self, name: str, told: str | None = None) -> None:
        """The user is through with it, and the server tells."""
        self.visited.add(name)
        params = {"elicitationId": told or name}
        await self.say({"method": "notifications/elicitation/complete", "params": params})


class User:
    """What the elicitation hook was asked, and what it says."""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers = answers or (True,)
        self.waits: anyio.Event | None = None

    async def __call__(self, request: dict[str, Any]) -> Any:
        self.asked.append(request)
        if self.waits is not None:
            await self.waits.wait()
        return self.answers[min(len(self.asked), len(self.answers)) - 1]

    @property
    def urls(self) -> list[str]:
        return [request["url"].removeprefix("https://files.example/") for request in self.asked]


@pytest.fixture
async def connect(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connect]:
    """Time passes for nobody here, unless a test says so."""
    monkeypatch.setattr(pages, "MOMENT_SECONDS", AGES)
    monkeypatch.setattr(pages, "USER_SECONDS", AGES)
    made: list[ZCPClientSession] = []

    async def one(server: Server, user: Any = None, **options: Any) -> ZCPClientSession:
        client = session_over(
            server.connect, dialects=mcp(), elicitation_handler=user, revision="2025-11-25",
            **options,
        )  # fmt: skip
        made.append(client)
        await client.initialize()
        return client

    yield one
    for client in made:
        await client.close()


async def test_the_call_goes_through_once_the_user_is(connect: Connect) -> None:
    server, user, heard = Gated("drive"), User(), []
    client = await connect(server, user, notification_handler=lambda m, params: heard.append(m))
    answers: list[Any] = []

    async def call() -> None:
        answers.append(await client.call_tool("x"))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await until(lambda: bool(user.asked))
            await server.done("drive")
    assert answers[0]["content"] == DONE["content"]
    assert (server.refused, server.ran) == (1, 1)
    (asked,) = user.asked
    assert (asked["kind"], asked["mode"], asked["url"]) == ("url", "url", page("drive")["url"])
    assert (asked["prompt"], asked["elicitationId"]) == ("Let us see drive.", "drive")
    assert heard == ["notifications/elicitation/complete"]


async def test_prompts_may_want_pages_too(connect: Connect) -> None:
    server, user = Gated("drive"), User()
    client = await connect(server, user)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(client.get_prompt, "p")
            await until(lambda: bool(user.asked))
            await server.done("drive")
    assert server.ran == 1


async def test_a_hook_that_waits_for_the_user_is_enough(connect: Connect) -> None:
    server, user = Gated("drive"), User()
    user.waits = anyio.Event()
    client = await connect(server, user)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "x")
            await until(lambda: bool(user.asked))
            await server.done("drive")
            await anyio.wait_all_tasks_blocked()
            assert server.refused == 1
            user.waits.set()
    assert server.ran == 1


async def test_every_page_is_asked_about_and_waited_for(connect: Connect) -> None:
    server, user = Gated("drive", "mail"), User()
    client = await connect(server, user)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "x")
            await until(lambda: len(user.asked) == 2)
            await server.done("drive")
            await server.done("drive")
            await server.done("another")
            await anyio.wait_all_tasks_blocked()
            assert server.ran == 0
            await server.done("mail")
    assert user.urls == ["drive", "mail"]
    assert (server.refused, server.ran) == (1, 1)


async def test_a_server_that_never_tells_is_asked_after_a_moment(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOMENT_SECONDS", 0.0)

    def visit(request: Any) -> bool:
        server.visited.add("drive")
        return True

    server = Gated("drive")
    client = await connect(server, visit)
    with anyio.fail_after(5):
        await client.call_tool("x")
    assert (server.refused, server.ran) == (1, 1)


@pytest.mark.parametrize("fresh", [False, True])
async def test_a_user_who_takes_his_time(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    """Asked too early, the server wants the page still, perhaps by another name."""
    monkeypatch.setattr(pages, "MOMENT_SECONDS", 0.0)
    server, user = Gated("drive", fresh=fresh), User()
    client = await connect(server, user)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "x")
            await until(lambda: server.refused == 2)
            await anyio.wait_all_tasks_blocked()
            await server.done("drive", "drive-1" if fresh else "drive")
    assert (server.refused, server.ran) == (2, 1)
    assert len(user.asked) == 1


async def test_a_user_who_never_is_through(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOMENT_SECONDS", 0.0)
    monkeypatch.setattr(pages, "USER_SECONDS", 0.0)
    server, user = Gated("drive", fresh=True), User()
    client = await connect(server, user)
    with anyio.fail_after(5), pytest.raises(URLElicitationRequired, match="drive-3") as caught:
        await client.call_tool("x")
    assert [each["url"] for each in caught.value.elicitations] == [page("drive-3")["url"]]
    assert caught.value.code == -32042
    assert caught.value.data["elicitations"] == caught.value.elicitations
    assert (server.refused, server.ran, len(user.asked)) == (3, 0, 1)
    # The session is as good as before, and the user is asked anew.
    server.visited.add("drive")
    await client.call_tool("x")


async def test_a_server_that_is_never_content_is_asked_once_again(connect: Connect) -> None:
    server, user = Gated("drive"), User()
    client = await connect(server, user)
    failures: list[RemoteError] = []

    async def call() -> None:
        try:
            await client.call_tool("x")
        except URLElicitationRequired as error:
            failures.append(error)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await until(lambda: bool(user.asked))
            await server.done("drive")
            server.visited.clear()
    assert server.refused == 2
    assert "the server still wants it" in str(failures[0])


@pytest.mark.parametrize("answer", [False, "cancel", {"action": "decline"}])
async def test_without_the_users_consent_nothing_is_sent_again(
    connect: Connect, answer: Any
) -> None:
    server = Gated("drive", "mail")
    client = await connect(server, User(True, answer))
    with pytest.raises(URLElicitationRequired, match="the user did not agree") as caught:
        await client.call_tool("x")
    assert "https://files.example/drive, https://files.example/mail" in str(caught.value)
    assert (server.refused, server.ran) == (1, 0)


async def test_without_a_hook_the_error_names_the_pages(connect: Connect) -> None:
    server = Gated("drive")
    client = await connect(server)
    with pytest.raises(URLElicitationRequired) as caught:
        await client.call_tool("x")
    error = caught.value
    assert str(error) == (
        "Sign in first: open https://files.example/drive and call again; this client has no "
        "elicitation_handler that could ask the user"
    )
    assert (error.code, error.elicitations) == (-32042, [page("drive")])


async def test_an_error_that_names_them_already_is_not_told_twice(connect: Connect) -> None:
    """As one is that comes through a mount."""

    def refuse(params: Any) -> Any:
        told = "Sign in: open https://files.example/drive and call again"
        raise RefusalError(-32042, told, {"elicitations": [page("drive")]})

    server = Gated()
    server.answers["tools/call"] = refuse
    client = await connect(server)
    with pytest.raises(URLElicitationRequired) as caught:
        await client.call_tool("x")
    assert str(caught.value) == "Sign in: open https://files.example/drive and call again"


async def test_a_hook_that_fails_is_the_callers_error(connect: Connect) -> None:
    def fail(request: Any) -> Any:
        raise LookupError("no browser")

    server = Gated("drive")
    client = await connect(server, fail)
    with pytest.raises(LookupError, match="no browser"):
        await client.call_tool("x")
    server.visited.add("drive")
    assert await client.get_prompt("p") == {"messages": []}


async def test_many_calls_ask_the_user_once(connect: Connect) -> None:
    server, user = Gated("drive"), User()
    client = await connect(server, user)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(client.call_tool, "x")
            await until(lambda: server.refused == 50)
            await anyio.wait_all_tasks_blocked()
            await server.done("drive")
    assert server.ran == 50
    assert user.urls == ["drive"]


async def test_the_user_is_asked_about_one_page_at_a_time(connect: Connect) -> None:
    server, user = Gated("drive", fresh=True), User()
    user.waits = anyio.Event()
    client = await connect(server, user)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "x")
            group.start_soon(client.call_tool, "x")
            await until(lambda: server.refused == 2)
            await anyio.wait_all_tasks_blocked()
            assert len(user.asked) == 1
            user.waits.set()
            await until(lambda: len(user.asked) == 2)
            await server.done("drive", "drive-1")
            await server.done("drive", "drive-2")
    assert server.ran == 2


async def test_giving_up_the_first_call_leaves_the_second_its_page(connect: Connect) -> None:
    server, user = Gated("drive"), User()
    user.waits = anyio.Event()
    client = await connect(server, user)
    first = anyio.CancelScope()

    async def given_up() -> None:
        with first:
            await client.call_tool("x")

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(given_up)
            await until(lambda: len(user.asked) == 1)
            group.start_soon(client.call_tool, "x")
            await until(lambda: server.refused == 2)
            first.cancel()
            await until(lambda: len(user.asked) == 2)
            user.waits.set()
            await server.done("drive")
    assert server.ran == 1


async def test_closing_ends_the_wait(connect: Connect) -> None:
    server, user = Gated("drive"), User()
    client = await connect(server, user)
    failures: list[Exception] = []

    async def call() -> None:
        try:
            await client.call_tool("x")
        except ConnectionLost as error:
            failures.append(error)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await until(lambda: bool(user.asked))
            await anyio.wait_all_tasks_blocked()
            await client.close()
    assert "closed" in str(failures[0])


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"elicitations": None},
        {"elicitations": []},
        {"elicitations": ["https://x"]},
        {"elicitations": [{"mode": "url"}]},
        {"elicitations": [page("x", mode="form")]},
        {"elicitations": [page("x", url=7)]},
        {"elicitations": [page("x", message=None)]},
    ],
)
async def test_what_names_no_page_is_the_servers_error(connect: Connect, data: Any) -> None:
    def refuse(params: Any) -> Any:
        raise RefusalError(-32042, "no", data)

    server, user = Gated(), User()
    server.answers["tools/call"] = refuse
    client = await connect(server, user)
    with pytest.raises(RemoteError, match=r"^no$") as caught:
        await client.call_tool("x")
    assert not isinstance(caught.value, URLElicitationRequired)
    assert (caught.value.data, user.asked) == (data, [])


async def test_other_revisions_have_no_such_error(anyio_backend: str) -> None:
    server, user = Gated("drive"), User()
    server.answers["initialize"] = handshake("2025-06-18")
    async with session_over(
        server.connect, dialects=mcp(), elicitation_handler=user, revision="2025-06-18"
    ) as client:
        with pytest.raises(RemoteError) as caught:
            await client.call_tool("x")
    assert not isinstance(caught.value, URLElicitationRequired)
    assert user.asked == []
