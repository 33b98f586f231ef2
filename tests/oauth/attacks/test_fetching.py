"""Making the server fetch what it should not (SSRF), or more than it should."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from jwts import Key, times
from oauth_site import ISSUER, REDIRECT, World, web_client, world
from published import published
from zcp_auth_oauth.fetch.cache import DocumentCache
from zcp_auth_oauth.fetch.guard import FetchRefused, is_public, public_only, resolve
from zcp_auth_oauth.fetch.https import Document, Fetcher
from zcp_auth_oauth.policy.registration import JWT_BEARER
from zcp_auth_oauth.service import service_of

pytestmark = pytest.mark.anyio

DOCUMENT = "https://app.example/client.json"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "not an address",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_not_connected_to(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_one_that_is_may_be(address: str) -> None:
    assert is_public(address)


def test_a_host_with_one_private_address_among_others_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = ["93.184.216.34", "10.0.0.1"]
    monkeypatch.setattr("zcp_auth_oauth.fetch.guard.resolve", lambda *_: answers)
    with pytest.raises(FetchRefused, match="public internet"):
        public_only("rebinding.example", 443)


def test_the_address_that_was_looked_at_is_the_one_connected_to() -> None:
    """A name that resolves otherwise the second time (DNS rebinding) is not asked twice."""
    looked: list[str] = []
    with published() as there:
        port = int(there.url.rpartition(":")[2])
        there.documents["/x"] = {"a": 1}

        def once(host: str, _: int) -> list[str]:
            looked.append(host)
            return ["127.0.0.1"]

        document = Fetcher(once).get(f"http://localhost:{port}/x")
        assert there.asked[0][1]["host"] == f"localhost:{port}"
    assert document.value == {"a": 1}
    assert looked == ["localhost"]


@pytest.mark.parametrize(
    "found",
    [
        (302, {"location": "http://169.254.169.254/"}, b""),
        (200, {}, b"x" * 70_000),
        (200, {}, b"[1]"),
        (200, {}, b"{"),
        (200, {}, b"\xff"),
        (500, {}, b"{}"),
        (200, {}, b"[" * 60_000),
    ],
)
def test_what_is_no_small_json_object_is_refused(found: Any) -> None:
    with published() as there:
        there.documents["/x"] = found
        with pytest.raises(FetchRefused):
            Fetcher(resolve).get(f"{there.url}/x")
        assert len(there.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example/x", "ftp://app.example/x", "file:///etc/passwd", "gopher://x/",
        "https://user@app.example/x", "https://app.example/x#y", "x", "",
    ],
)  # fmt: skip
def test_what_is_no_https_url_is_not_fetched(url: str) -> None:
    def never(*_: Any) -> list[str]:
        raise AssertionError("looked up")

    with pytest.raises(FetchRefused):
        Fetcher(never).get(url)


def test_a_server_that_trickles_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ended = threading.Event()

        def trickle() -> None:
            link, _ = listener.accept()
            with link:
                link.sendall(b"HTTP/1.1 200 OK\r\n")
                while not ended.wait(0.02):
                    try:
                        link.sendall(b"x-a: b\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        with pytest.raises(FetchRefused):
            Fetcher(resolve, most_seconds=0.3).get(f"http://127.0.0.1:{port}/x")
        ended.set()
        thread.join(10)


class Told(Fetcher):
    """A fetcher that has its documents in hand, and counts."""

    def __init__(self, documents: dict[str, Any]) -> None:
        super().__init__()
        object.__setattr__(self, "documents", documents)
        object.__setattr__(self, "asked", [])

    def get(self, url: str) -> Document:
        self.asked.append(url)  # type: ignore[attr-defined]
        found = self.documents.get(url)  # type: ignore[attr-defined]
        if found is None:
            raise FetchRefused("nothing there")
        return Document(found)


def told(here: World, **documents: Any) -> Told:
    """Put documents where the authorization server looks for them."""
    service = service_of(here.site.application.kernel.config)
    assert service is not None
    fetcher = Told({DOCUMENT: documents.pop("document", None), **documents})
    service.parts.documents.fetcher = fetcher
    return fetcher


def metadata(**more: Any) -> dict[str, Any]:
    return {
        "client_id": DOCUMENT, "client_name": "App", "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"], **more,
    }  # fmt: skip


async def test_a_client_whose_id_is_its_documents_url_can_log_in() -> None:
    async with world() as here:
        fetcher = told(here, document=metadata())
        tokens = await here.tokens(client_id=DOCUMENT)
        assert (await here.call(tokens["access_token"])).status == 200
        assert (await here.refresh(tokens["refresh_token"], DOCUMENT)).status == 200
    assert fetcher.asked == [DOCUMENT]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "document",
    [
        metadata(client_id="https://app.example/other.json"),
        metadata(client_id=None),
        metadata(redirect_uris=["http://evil.example/cb"]),
        metadata(redirect_uris=["https://elsewhere.example/cb"]),
        metadata(client_secret="s"),
        metadata(token_endpoint_auth_method="client_secret_basic"),
        metadata(jwks={"keys": [{"kty": "oct", "k": "AA"}]}),
        {},
        None,
    ],
)
async def test_a_document_that_is_no_good_leads_nowhere(document: Any) -> None:
    async with world() as here:
        told(here, document=document)
        answer = await here.browser().request("GET", here.authorize_url(DOCUMENT))
    assert answer.status == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "client_id",
    [
        "http://app.example/c.json", "https://app.example", "https://app.example/",
        "https://app.example/a/../c.json", "https://app.example/c.json#x",
        "https://user@app.example/c.json", "https://127.0.0.1/c.json",
        "https://169.254.169.254/latest/meta-data", "https://localhost/c.json",
    ],
)  # fmt: skip
async def test_an_id_that_is_no_documents_url_makes_us_fetch_nothing(client_id: str) -> None:
    connected: list[Any] = []
    async with world() as here:
        service = service_of(here.site.application.kernel.config)
        assert service is not None
        assert service.parts.documents.fetcher.resolve is public_only
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("socket.create_connection", lambda *a, **k: connected.append(a))
            answer = await here.browser().request("GET", here.authorize_url(client_id))
    assert answer.status == 400
    assert connected == []


async def test_documents_can_be_switched_off() -> None:
    async with world(client_documents=False) as here:
        fetcher = told(here, document=metadata())
        answer = await here.browser().request("GET", here.authorize_url(DOCUMENT))
        assert answer.status == 400
    assert fetcher.asked == []  # type: ignore[attr-defined]


async def test_a_jwks_uri_goes_through_the_same_guard() -> None:
    key = Key()
    with published() as there:
        there.documents["/jwks"] = key.jwks
        async with world() as here:
            client = web_client(
                "robot", redirect_uris=(), grant_types=("client_credentials",), scopes=(),
                token_endpoint_auth_method="private_key_jwt", jwks_uri=f"{there.url}/jwks",
            )  # fmt: skip
            here.provider.add_client(client)
            assertion = key.sign(
                {"iss": "robot", "sub": "robot", "aud": ISSUER, "jti": "1", **times()}
            )
            form = {
                "grant_type": "client_credentials", "client_assertion": assertion,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            }  # fmt: skip
            answer = await here.post("/token", form)
        assert answer.message["error"] == "invalid_client"
        assert there.asked == []


def test_a_slow_or_broken_server_is_not_asked_for_each_request() -> None:
    fetcher = Told({})
    cache = DocumentCache(fetcher)
    for _ in range(5):
        with pytest.raises(FetchRefused):
            cache.get(DOCUMENT)
    assert len(fetcher.asked) == 1  # type: ignore[attr-defined]


def test_documents_are_kept_for_a_while_and_no_longer() -> None:
    now = [0.0]
    fetcher = Told({DOCUMENT: metadata()})
    cache = DocumentCache(fetcher, default_seconds=60, clock=lambda: now[0])
    for moment, fetched in ((0.0, 1), (59.0, 1), (61.0, 2)):
        now[0] = moment
        assert cache.get(DOCUMENT) == metadata()
        assert len(fetcher.asked) == fetched  # type: ignore[attr-defined]


async def test_the_grants_of_a_document_are_a_users_alone() -> None:
    async with world() as here:
        told(here, document=metadata(grant_types=["client_credentials", JWT_BEARER]))
        answer = await here.browser().request("GET", here.authorize_url(DOCUMENT))
        assert answer.status == 400
