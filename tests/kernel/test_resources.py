"""Resources and templates: what handlers take and give, who may read, who hears of changes."""

from __future__ import annotations

import base64
import threading
from typing import Any

import anyio
import anyio.to_thread
import pytest
from harness import connected, make_app
from zcp_kernel._core.handlers import reading
from zcp_kernel.config import ServerConfig, ServerSection
from zcp_kernel.context import Context
from zcp_kernel.errors import NotFound, RegistrationError, RemoteError
from zcp_kernel.model import ReadResourceResult, ResourceContents
from zcp_kernel.security import Principal

pytestmark = pytest.mark.anyio

URI = "test://thing"
CONTENTS = ResourceContents(uri="test://other", mime_type="text/x-own", text="own")


def of(mime_type: str, **body: str) -> list[dict[str, Any]]:
    return [{"uri": URI, "mimeType": mime_type, **body}]


OWN = [{"uri": "test://other", "mimeType": "text/x-own", "text": "own"}]
GIVEN: list[tuple[Any, str | None, list[dict[str, Any]]]] = [
    ("text", None, of("text/plain", text="text")),
    ("", None, of("text/plain", text="")),
    ("# t", "text/markdown", of("text/markdown", text="# t")),
    (b"\x00\x01", None, of("application/octet-stream", blob="AAE=")),
    (bytearray(b"\x00\x01"), "image/png", of("image/png", blob="AAE=")),
    (memoryview(b"\x00\x01"), "image/png", of("image/png", blob="AAE=")),
    ({"a": 1}, None, of("application/json", text='{"a":1}')),
    ({"a": 1}, "application/geo+json", of("application/geo+json", text='{"a":1}')),
    ([1, 2], None, of("application/json", text="[1,2]")),
    ([], None, of("application/json", text="[]")),
    (None, None, of("application/json", text="null")),
    (7, None, of("application/json", text="7")),
    (CONTENTS, None, OWN),
    ([CONTENTS, CONTENTS], None, OWN * 2),
    (ReadResourceResult([CONTENTS]), None, OWN),
]


@pytest.mark.parametrize(("value", "mime_type", "contents"), GIVEN, ids=lambda v: repr(v)[:30])
async def test_what_a_handler_gives(value: Any, mime_type: str | None, contents: Any) -> None:
    app = make_app()

    @app.resource(URI, mime_type=mime_type)
    async def thing() -> Any:
        return value

    async with connected(app) as client:
        assert (await client.read_resource(URI))["contents"] == contents


async def test_what_a_template_handler_may_take() -> None:
    app = make_app()

    @app.resource_template("a://{x}/{y}")
    async def both(y: str, x: str) -> Any:
        return [x, y]

    @app.resource_template("b://{x}/{y}")
    def whole(uri: str) -> Any:
        return uri

    @app.resource_template("c://{x}/{y}")
    def some(uri: str, y: str, ctx: Context) -> Any:
        return [uri, y, ctx.operation]

    @app.resource_template("d://{x}/{y}")
    async def whatever(**given: str) -> Any:
        return given

    @app.resource_template("e://{x}/{y}")
    def none(later: int = 3) -> Any:
        return later

    async with connected(app) as client:

        async def text(uri: str) -> str:
            return str((await client.read_resource(uri))["contents"][0]["text"])

        assert await text("a://1/2%203") == '["1","2 3"]'
        assert await text("b://1/2") == "b://1/2"
        assert await text("c://1/2") == '["c://1/2","2","resources/read"]'
        assert await text("d://1/2") == '{"x":"1","y":"2","uri":"d://1/2"}'
        assert await text("e://1/2") == "3"


@pytest.mark.parametrize("blocking", [True, False])
async def test_a_resource_handler_may_take_the_uri_and_a_context(blocking: bool) -> None:
    app = make_app()
    threads: list[int] = []

    @app.resource(URI, blocking=blocking)
    def thing(uri: str, ctx: Any) -> Any:
        threads.append(threading.get_ident())
        return [uri, ctx.operation, ctx.principal.kind]

    async with connected(app) as client:
        (contents,) = (await client.read_resource(URI))["contents"]
        assert contents["text"] == f'["{URI}","resources/read","local"]'
    assert (threads == [threading.get_ident()]) is not blocking


async def test_an_exact_uri_comes_before_templates_and_these_in_their_order() -> None:
    app = make_app()
    app.resource_template("a://{x}")(lambda: "first")
    app.resource_template("a://{+x}")(lambda: "second")
    app.resource("a://here")(lambda: "exact")
    async with connected(app) as client:
        for uri, text in (("a://here", "exact"), ("a://1", "first"), ("a://1/2", "second")):
            assert (await client.read_resource(uri))["contents"][0]["text"] == text


async def test_lists_say_what_was_declared() -> None:
    app = make_app()

    @app.resource(
        URI,
        name="thing",
        title="Thing",
        description="A thing.",
        mime_type="text/plain",
        size=3,
        annotations={"audience": ["user"], "priority": 0.5},
        icons=[{"src": "https://example.com/i.png", "mimeType": "image/png"}],
        meta={"acme/x": 1},
    )
    def declared() -> str:
        return "abc"

    @app.resource_template("test://{name}")
    def derived(name: str) -> str:
        """One of many.

        Details nobody lists.
        """
        return name

    async with connected(app) as client:
        (listed,) = (await client.list_resources())["resources"]
        (template,) = (await client.list_resource_templates())["resourceTemplates"]
    assert listed == {
        "uri": URI,
        "name": "thing",
        "title": "Thing",
        "description": "A thing.",
        "mimeType": "text/plain",
        "size": 3,
        "annotations": {"audience": ["user"], "priority": 0.5},
        "icons": [{"src": "https://example.com/i.png", "mimeType": "image/png"}],
        "_meta": {"acme/x": 1},
    }
    expected = {"uriTemplate": "test://{name}", "name": "derived", "description": "One of many."}
    assert template == expected


async def test_lists_come_in_pages() -> None:
    app = make_app()
    for number in range(5):
        app.resource(f"test://{number}")(lambda: "")
    paged: dict[str, object] = {"server": ServerSection(page_size=2)}
    async with connected(app, sections=paged) as client:
        uris = [each["uri"] for each in (await client.list_resources())["resources"]]
        assert uris == [f"test://{number}" for number in range(5)]
        page = await client.list_resources(cursor="2")
        assert [each["uri"] for each in page["resources"]] == ["test://2", "test://3"]
        assert page["nextCursor"] == "4"
        with pytest.raises(RemoteError, match="invalid:cursor"):
            await client.list_resources(cursor="x")


@pytest.mark.parametrize("uri", ["test://secret", "test://family/1"])
async def test_scopes_are_enforced(uri: str) -> None:
    app = make_app()
    app.resource("test://secret", required_scopes=("a", "b"))(lambda: "s")
    app.resource_template("test://family/{x}", required_scopes=("a", "b"))(lambda: "s")
    reader = Principal(subject="r", scopes=frozenset({"b"}), kind="token")
    async with connected(app, principal=reader) as client:
        for ask in (client.read_resource, client.subscribe_resource):
            with pytest.raises(RemoteError, match="forbidden:missing_scopes:a") as caught:
                await ask(uri)
            assert caught.value.data == {"scopes": ["a"]}


async def test_what_is_not_there() -> None:
    app = make_app()

    @app.resource("test://lost")
    async def lost() -> None:
        raise NotFound("file", "inner")

    async with connected(app) as client:
        for ask in (client.read_resource, client.subscribe_resource):
            with pytest.raises(RemoteError, match="not_found:test://nowhere"):
                await ask("test://nowhere")
        with pytest.raises(RemoteError, match="not_found:inner"):
            await client.read_resource("test://lost")


async def test_an_unexpected_failure_shows_its_incident_only() -> None:
    app = make_app()

    @app.resource(URI)
    def broken() -> None:
        raise LookupError("/secret/path")

    async with connected(app) as client:
        with pytest.raises(RemoteError) as caught:
            await client.read_resource(URI)
        assert "secret" not in str(caught.value)
        assert caught.value.code == -32603
        assert set(caught.value.data) == {"id"}
        assert await client.ping() == {"ok": True}


def test_a_handler_that_needs_what_nobody_gives_is_refused() -> None:
    app = make_app()
    with pytest.raises(RegistrationError, match=r"resource 'test://x'.*needs 'city'.*test_reso"):
        app.resource("test://x")(lambda city: city)
    with pytest.raises(RegistrationError, match=r"template 'test://{x}'.*needs 'y'.*uri, x"):
        app.resource_template("test://{x}")(lambda x, y: x)
    with pytest.raises(RegistrationError, match="threads 'many' is not one of parallel, serial"):
        app.resource("test://y", threads="many")(lambda: "")  # type: ignore[arg-type]


# -- subscriptions ---------------------------------------------------------------------------------


class Updates:
    """The URIs a client was told of."""

    def __init__(self) -> None:
        self.uris: list[str] = []

    def __call__(self, method: str, params: Any) -> None:
        if method == "notifications/resources/updated":
            self.uris.append(params["uri"])


async def test_a_subscriber_hears_of_updates_until_it_unsubscribes() -> None:
    app, updates = make_app(), Updates()
    app.resource_template("test://{x}")(lambda x: x)
    async with connected(app, notification_handler=updates) as client:
        await client.subscribe_resource("test://1")
        app.notify_resource_updated("test://1")
        app.notify_resource_updated("test://2")
        await client.ping()
        assert updates.uris == ["test://1"]
        await client.unsubscribe_resource("test://1")
        await client.unsubscribe_resource("test://never")
        app.notify_resource_updated("test://1")
        await client.ping()
        assert updates.uris == ["test://1"]


async def test_every_kernel_of_an_app_tells_its_subscribers_from_any_thread() -> None:
    app = make_app()
    app.resource(URI)(lambda: "")
    one, other = Updates(), Updates()
    async with (
        connected(app, notification_handler=one) as first,
        connected(app, notification_handler=other) as second,
    ):
        await first.subscribe_resource(URI)
        await second.subscribe_resource(URI)
        await anyio.to_thread.run_sync(app.notify_resource_updated, URI)
        await first.ping()
        await second.ping()
    assert one.uris == other.uris == [URI]


async def test_a_handler_in_a_thread_may_announce_what_it_changed() -> None:
    app, updates = make_app(), Updates()
    app.resource(URI)(lambda: "")

    @app.tool(name="touch", input_schema={"type": "object"})
    def touch() -> None:
        app.notify_resource_updated(URI)

    async with connected(app, notification_handler=updates) as client:
        await client.subscribe_resource(URI)
        await client.call_tool("touch", {})
        assert updates.uris == [URI]


async def test_subscriptions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_SUBSCRIPTIONS", 2)
    app = make_app()
    app.resource_template("test://{x}")(lambda x: x)
    async with connected(app) as client:
        for number in (1, 2, 2):
            await client.subscribe_resource(f"test://{number}")
        with pytest.raises(RemoteError, match="watches 2 resources already"):
            await client.subscribe_resource("test://3")


def test_without_a_server_an_update_reaches_nobody() -> None:
    app = make_app()
    app.compose(ServerConfig())
    app.notify_resource_updated(URI)


def test_binary_contents_are_base64() -> None:
    data = bytes(range(256))
    (contents,) = reading.to_contents(data, URI, None).contents
    assert contents.blob is not None
    assert base64.b64decode(contents.blob, validate=True) == data
