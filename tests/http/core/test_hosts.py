"""Host and Origin: only names that are ours, and a refusal that says what to set."""

from __future__ import annotations

import socket

import pytest
from http_core import site
from zcp_transport_http.config import CORSConfig, HTTPConfig
from zcp_transport_http.guard.hosts import HostGuard, split_host
from zcp_transport_http.guard.refusal import Refused
from zcp_transport_http.wire import Headers

pytestmark = pytest.mark.anyio


def status(
    http: HTTPConfig, host: str | None = None, origin: str | None = None, server: str = "10.0.0.7"
) -> int:
    """What the guard answers; 200: it lets the request pass."""
    fields = [(b"host", host.encode())] if host else []
    fields += [(b"origin", origin.encode())] if origin else []
    try:
        HostGuard(http).check(Headers(fields), {"server": (server, 8000)})
    except Refused as no:
        return no.status
    return 200


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:9", "LOCALHOST:1", "127.0.0.1:8000", "[::1]:80", "10.0.0.7:80", None],
)
def test_our_own_names_pass(host: str | None) -> None:
    assert status(HTTPConfig(), host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "10.0.0.8", "x@localhost"],
)
def test_other_names_do_not(host: str) -> None:
    assert status(HTTPConfig(), host) == 421


def test_what_configuration_names_passes() -> None:
    http = HTTPConfig(
        allowed_hosts=("a.example", "b.example:81", "*.c.example"),
        public_url="https://d.example/tools",
    )
    good = ["a.example", "A.example:5", "b.example:81", "x.c.example", "d.example", "a.example."]
    bad = ["b.example", "b.example:82", "c.example", "xc.example", "tools"]
    assert [status(http, host) for host in good] == [200] * len(good)
    assert [status(http, host) for host in bad] == [421] * len(bad)
    assert status(HTTPConfig(allowed_hosts=("*",)), "any.example") == 200


def test_a_server_on_every_address_knows_this_machines_name() -> None:
    name = socket.gethostname()
    assert status(HTTPConfig(host="0.0.0.0"), name) == 200
    assert status(HTTPConfig(host="0.0.0.0", allowed_hosts=("a.example",)), f"{name}x") == 421
    assert status(HTTPConfig(host="0.0.0.0"), "evil.example") == 421


def test_the_address_it_is_bound_to_is_its_name() -> None:
    assert status(HTTPConfig(host="192.0.2.9"), "192.0.2.9:8000", server="x") == 200
    assert status(HTTPConfig(host="2001:db8::1"), "[2001:db8::1]:8000", server="x") == 200


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:3000", 200),
        ("https://127.0.0.1", 200),
        ("http://10.0.0.7:80", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("file://localhost", 403),
        ("http://localhost.evil.example", 403),
    ],
)
def test_origins(origin: str, expected: int) -> None:
    assert status(HTTPConfig(), "localhost", origin) == expected


def test_origins_of_configuration() -> None:
    http = HTTPConfig(allowed_origins=("https://App.example",), public_url="https://d.example")
    assert status(http, "localhost", "https://app.example") == 200
    assert status(http, "localhost", "http://app.example") == 403
    assert status(http, "localhost", "https://d.example") == 200
    assert status(HTTPConfig(allowed_origins=("*",)), "localhost", "https://any.example") == 200
    with pytest.raises(ValueError, match="an origin is scheme://host"):
        HTTPConfig(allowed_origins=("app.example",))


def test_two_hosts_are_none() -> None:
    fields = [(b"host", b"localhost"), (b"host", b"evil.example")]
    with pytest.raises(Refused) as caught:
        HostGuard(HTTPConfig()).check(Headers(fields), {"server": None})
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("value", "parts"),
    [("a:1", ("a", "1")), ("[::1]:2", ("::1", "2")), ("[::1]", ("::1", "")), ("a.", ("a", ""))],
)
def test_host_values(value: str, parts: tuple[str, str]) -> None:
    assert split_host(value) == parts


async def test_a_refusal_says_which_host_which_setting_and_which_variable() -> None:
    evil = {"host": "evil.example:8000", "origin": "http://evil.example"}
    async with site() as here:
        client = here.client()
        page = await client.post(client.call("ping"), headers=evil)
        name = await client.post(client.call("ping"), headers={"host": "evil.example"})
        plain = await here.client("/nowhere").request("GET", headers={"host": "evil.example"})
        good = await client.post(
            client.call("initialize"),
            headers={"host": "localhost:1234", "origin": "http://localhost:1234"},
        )
    assert page.status == 403
    for word in ("http://evil.example", "allowed_origins", "ZCP_HTTP__ALLOWED_ORIGINS"):
        assert word in page.message["error"]["message"]
    assert name.status == 421
    for word in ("evil.example", "allowed_hosts", "ZCP_HTTP__ALLOWED_HOSTS", "public_url"):
        assert word in name.message["error"]["message"]
    assert plain.status == 421, "unknown paths tell strangers nothing either"
    assert good.status not in (403, 421)


async def test_probes_name_any_host_but_metadata_does_not() -> None:
    async with site() as here:
        for path, expected in (("/healthz", 200), ("/readyz", 200), ("/metadata", 421)):
            answer = await here.client(path, host="10.1.2.3").request("GET")
            assert answer.status == expected, path


# -- CORS ------------------------------------------------------------------------------------------

PAGE = "https://app.example"
PREFLIGHT = {
    "origin": PAGE,
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type, mcp-session-id, mcp-param-city, x-evil",
}


async def test_a_preflight_without_configuration_allows_nothing() -> None:
    async with site(http=HTTPConfig(allowed_origins=(PAGE,))) as here:
        answer = await here.client().request("OPTIONS", headers=PREFLIGHT)
    assert answer.status == 204
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_preflight_of_an_allowed_page() -> None:
    cors = CORSConfig(allow_origins=(PAGE,), allow_headers=("X-Mine",), max_age_seconds=7)
    async with site(cors=cors) as here:
        answer = await here.client().request("OPTIONS", headers=PREFLIGHT)
        stranger = await here.client().request(
            "OPTIONS", headers={**PREFLIGHT, "origin": "https://evil.example"}
        )
    headers = answer.headers
    assert answer.status == 204
    assert headers["access-control-allow-origin"] == PAGE
    assert headers["access-control-max-age"] == "7"
    assert "POST" in headers["access-control-allow-methods"]
    allowed = headers["access-control-allow-headers"].split(", ")
    assert {"content-type", "mcp-session-id", "mcp-param-city", "x-mine", "authorization"} <= {
        *allowed
    }
    assert "x-evil" not in allowed
    assert "access-control-allow-credentials" not in headers
    assert stranger.status == 403
    assert "access-control-allow-origin" not in stranger.headers


async def test_a_page_can_read_answers_sessions_and_refusals() -> None:
    cors = CORSConfig(allow_origins=(PAGE,), allow_credentials=True)
    async with site(cors=cors) as here:
        client = here.client(origin=PAGE)
        opened = await client.initialize()
        missing = await here.client("/nowhere", origin=PAGE).request("GET")
        without = await here.client().initialize()
    for answer in (opened, missing):
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "mcp-session-id" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "origin"
    assert "access-control-allow-origin" not in without.headers
    assert without.headers["vary"] == "origin", "caches must not mix them up"


async def test_a_star_allows_every_page_by_name_and_never_with_credentials() -> None:
    async with site(cors=CORSConfig(allow_origins=("*",))) as here:
        answer = await here.client(origin="https://any.example").initialize()
    assert answer.headers["access-control-allow-origin"] == "https://any.example"
    with pytest.raises(ValueError, match="name the origins"):
        CORSConfig(allow_origins=("*",), allow_credentials=True)
