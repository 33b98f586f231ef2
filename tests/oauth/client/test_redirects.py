"""The listener a browser comes back to: it is open to everybody on the machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from zcp_auth_oauth.client import AuthorizationRefused, LoopbackRedirect
from zcp_auth_oauth.client.redirect.paste import PastedRedirect

pytestmark = pytest.mark.anyio

LOGIN = "https://a.example/authorize?x=1"


async def ask(uri: str, text: str) -> bytes:
    """Send this to the listener; `HOST` in it is the right name."""
    parts = urlsplit(uri)
    assert parts.port is not None
    async with await anyio.connect_tcp("127.0.0.1", parts.port) as stream:
        await stream.send(text.replace("HOST", parts.netloc).encode())
        answer = b""
        with anyio.fail_after(20):
            while True:
                try:
                    answer += await stream.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return answer


async def get(uri: str, query: str) -> bytes:
    return await ask(uri, f"GET {urlsplit(uri).path}?{query} HTTP/1.1\r\nHost: HOST\r\n\r\n")


async def came(visit: Callable[[str], Any], state: str = "s1", **options: Any) -> str:
    """Where the browser came back to, when `visit(redirect_uri)` is what it does."""
    holder: list[str] = []

    async def show(url: str) -> None:
        assert url == LOGIN
        await visit(holder[0])

    async with LoopbackRedirect(show, **options).landing(None) as landing:
        holder.append(landing.redirect_uri)
        with anyio.fail_after(20):
            return await landing.visit(LOGIN, state)


async def test_a_browser_comes_back() -> None:
    answers: list[bytes] = []

    async def visit(uri: str) -> None:
        answers.append(await get(uri, "state=s1&code=%3Cb%3E"))

    url = await came(visit)
    assert urlsplit(url).hostname == "127.0.0.1"
    assert url.endswith("/callback?state=s1&code=%3Cb%3E")


async def test_what_the_browser_shows() -> None:
    done, answers = anyio.Event(), list[bytes]()

    async with anyio.create_task_group() as group:

        async def visit(uri: str) -> None:
            async def browser() -> None:
                answers.append(await get(uri, "state=s1&code=%3Cb%3E"))
                done.set()

            group.start_soon(browser)

        await came(visit)
        await done.wait()
    (answer,) = answers
    head, _, page = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"default-src 'none'" in head
    assert b"no-store" in head
    assert b"no-referrer" in head
    assert b'<html lang="en">' in page
    assert b"<h1>" in page
    assert b"%3Cb" not in page
    assert b"<b>" not in page


@pytest.mark.parametrize(
    "stranger",
    [
        "GET /callback?state=other&code=evil HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "GET /callback?code=evil HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "GET /callback?state=s1&state=s1&code=evil HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "GET /callback?state=s1&code=evil HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /callback?state=s1&code=evil HTTP/1.1\r\n\r\n",
        "GET /callback?state=s1&code=evil HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n",
        "POST /callback?state=s1&code=evil HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "GET /other?state=s1&code=evil HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "GET http://evil.example/callback?state=s1&code=evil HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "GET /favicon.ico HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "\x00\x01\r\n\r\n",
        "\r\n\r\n",
        "GET " + "x" * 40_000,
        "GET /callback?state=s1&code=evil HTTP/1.1\r\nHost: HOST\r\n" + "a: b\r\n" * 5000,
    ],
)
async def test_a_stranger_is_no_browser_of_ours(stranger: str) -> None:
    async def visit(uri: str) -> None:
        # Who sends too much may be cut off while it does.
        with suppress(anyio.BrokenResourceError):
            answer = await ask(uri, stranger)
            assert not answer.startswith(b"HTTP/1.1 200")
        await get(uri, "state=s1&code=good")

    assert (await came(visit)).endswith("code=good")


async def test_many_who_say_nothing_do_not_keep_the_browser_out() -> None:
    async def visit(uri: str) -> None:
        parts = urlsplit(uri)
        async with AsyncExitStack() as stack:
            for _ in range(12):
                silent = await anyio.connect_tcp("127.0.0.1", parts.port or 0)
                await stack.enter_async_context(silent)
            await get(uri, "state=s1&code=good")

    assert (await came(visit)).endswith("code=good")


async def test_nobody_comes() -> None:
    async def visit(uri: str) -> None:
        return

    with pytest.raises(AuthorizationRefused, match=r"within 0\.1 s"):
        await came(visit, seconds=0.1)


async def test_the_listener_is_gone_after_the_login() -> None:
    uris: list[str] = []

    async def visit(uri: str) -> None:
        uris.append(uri)
        await get(uri, "state=s1&code=c")

    await came(visit)
    with pytest.raises(OSError, match="onnect"):
        await get(uris[0], "state=s1&code=c")


async def test_the_registered_port_is_used_again_if_it_is_free() -> None:
    async def show(url: str) -> None:
        return

    redirect = LoopbackRedirect(show)
    async with redirect.landing(None) as first:
        uri = first.redirect_uri
        async with redirect.landing(uri) as other:
            assert other.redirect_uri != uri
    async with redirect.landing(uri) as again:
        assert again.redirect_uri == uri
    async with redirect.landing("https://a.example/callback") as anywhere:
        assert anywhere.redirect_uri.startswith("http://127.0.0.1:")


async def test_an_address_that_is_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    async def show(url: str) -> None:
        return

    lines: list[str] = []
    redirect = PastedRedirect(LoopbackRedirect(show), lambda: lines.pop(0))
    async with redirect.landing(None) as landing:
        lines += ["\n", "http://evil.example/?code=x\n", f"{landing.redirect_uri}?code=c&state=s\n"]
        with anyio.fail_after(20):
            url = await landing.visit(LOGIN, "s")
    assert url == f"{landing.redirect_uri}?code=c&state=s"
    assert "does not begin with" in capsys.readouterr().err


async def test_a_user_who_cannot_be_reached() -> None:
    async def visit(uri: str) -> None:
        raise OSError("no display")

    with pytest.raises(AuthorizationRefused, match="could not be sent"):
        await came(visit)


async def test_what_goes_wrong_meanwhile_is_said_as_it_is() -> None:
    async def show(url: str) -> None:
        return

    for redirect in (LoopbackRedirect(show), PastedRedirect(LoopbackRedirect(show), lambda: "")):
        with pytest.raises(ZeroDivisionError):
            async with redirect.landing(None):
                raise ZeroDivisionError
