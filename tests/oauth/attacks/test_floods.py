"""Too much, too often, too large."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import pytest
from oauth_site import World, guard_of, world
from zcp_auth_oauth.signin import local

pytestmark = pytest.mark.anyio

LARGE = "x" * 1_000_000


async def register(here: World, address: str = "192.0.2.1", **more: Any) -> Any:
    client = here.site.client("/register", address)
    metadata = {
        "redirect_uris": ["https://client.example/cb"], "client_name": "C",
        "token_endpoint_auth_method": "none", **more,
    }  # fmt: skip
    return await client.post(metadata)


async def test_registration_is_bounded_by_address_and_in_all() -> None:
    async with world(registrations_per_minute=3, max_dynamic_clients=5) as here:
        statuses = [(await register(here)).status for _ in range(4)]
        assert statuses == [201, 201, 201, 429]
        refused = await register(here)
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert (await register(here, "2001:db8::1")).status == 201
        assert (await register(here, "2001:db8::2")).status == 201
        assert (await register(here, "198.51.100.7")).status == 503, "no room for more"
        assert len(here.provider.list_clients()) == 6


async def test_registration_can_be_closed_or_guarded() -> None:
    async with world(registration="closed") as here:
        assert (await register(here)).status == 403
        metadata = await here.site.client("/.well-known/openid-configuration").request("GET")
        assert "registration_endpoint" not in metadata.message
    async with world(registration="token", registration_token="let me") as here:
        assert (await register(here)).status == 401
        client = here.site.client("/register", authorization="Bearer wrong")
        assert (await client.post({})).status == 401
        client = here.site.client("/register", authorization="Bearer let me")
        assert (await client.post({"redirect_uris": ["https://a.example/cb"]})).status == 201


async def test_who_registers_gets_no_more_than_a_user_can_give() -> None:
    async with world() as here:
        answer = await register(
            here,
            grant_types=["authorization_code", "client_credentials", "password"],
            scope="weather.write root.everything",
        )
        assert answer.status == 201
        assert answer.message["grant_types"] == ["authorization_code"]
        stored = here.provider.get_client(answer.message["client_id"])
        assert stored.origin == "dynamic"
        for metadata in ({"grant_types": ["client_credentials"]}, {"response_types": ["token"]}):
            refused = await register(here, **metadata)
            assert refused.message["error"] == "invalid_client_metadata"


@pytest.mark.parametrize(
    "metadata",
    [
        {"redirect_uris": "https://a.example/cb"},
        {"redirect_uris": []},
        {"redirect_uris": [1]},
        {"redirect_uris": [f"https://a.example/{n}" for n in range(30)]},
        {"client_name": "\u202eevil"},
        {"client_name": "x" * 500},
        {"client_name": {"a": 1}},
        {"client_uri": "javascript:alert(1)"},
        {"token_endpoint_auth_method": "magic"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"jwks_uri": "http://evil.example/jwks"},
        {"jwks": {"keys": [{"kty": "RSA", "d": "secret"}]}},
        {"jwks": {"keys": "x"}},
        {"scope": 'a"b'},
        {"application_type": "toaster"},
    ],
)  # fmt: skip
async def test_metadata_that_makes_no_sense_is_refused(metadata: dict[str, Any]) -> None:
    async with world(registrations_per_minute=1000) as here:
        answer = await register(here, **metadata)
        assert answer.status == 400, answer.body
        assert answer.message["error"].startswith("invalid_")


async def attempt(here: World, name: str, password: str, address: str = "192.0.2.1") -> Any:
    """One sign-in from an address."""
    browser = here.browser(address=address)
    url = here.authorize_url().replace("/authorize", "/sign-in")
    page = await browser.request("GET", url)
    form = {"username": name, "password": password, "guard": guard_of(page)}
    return await browser.request("POST", url, form)


async def test_guessing_passwords_is_stopped_by_name() -> None:
    async with world(sign_in_attempts=3) as here:
        for n in range(3):
            answer = await attempt(here, "alice", f"guess {n}", f"192.0.2.{n}")
            assert answer.status == 401
        stopped = await attempt(here, "alice", "correct horse battery", "192.0.2.99")
        assert stopped.status == 429
        assert int(stopped.headers["retry-after"]) > 0
        assert (await attempt(here, "bob", "correct horse battery")).status == 303


async def test_guessing_names_is_stopped_by_address() -> None:
    async with world(sign_in_attempts=1) as here:
        for n in range(10):
            assert (await attempt(here, f"user{n}", "password1")).status == 401
        assert (await attempt(here, "alice", "correct horse battery")).status == 429
        elsewhere = await attempt(here, "alice", "correct horse battery", "198.51.100.7")
        assert elsewhere.status == 303


async def test_an_unknown_name_looks_like_a_wrong_password(monkeypatch: Any) -> None:
    checked: list[Any] = []
    async with world() as here:
        service_passwords = local.Passwords
        check = service_passwords.check

        async def watched(self: Any, stored: str | None, password: str) -> bool:
            checked.append(stored)
            return await check(self, stored, password)

        monkeypatch.setattr(service_passwords, "check", watched)
        unknown = await attempt(here, "mallory", "some password")
        wrong = await attempt(here, "alice", "some password")
    assert unknown.status == wrong.status == 401
    assert checked[0] is None, "a hash is computed for nobody as well"

    def text(body: bytes) -> bytes:
        return body.partition(b"<form")[0]

    assert text(unknown.body) == text(wrong.body)


async def test_a_crowd_at_the_door_is_told_to_come_back(monkeypatch: Any) -> None:
    hold = threading.Event()
    async with world(sign_in_queue=1) as here:
        monkeypatch.setattr(local.Passwords, "_check", lambda *_: hold.wait(10))
        answers: list[Any] = []

        async def one() -> None:
            answers.append(await attempt(here, "alice", "correct horse battery"))
            if answers[-1].status == 503:
                hold.set()

        async with anyio.create_task_group() as group:
            for _ in range(12):
                group.start_soon(one)
        hold.set()
    busy = [each for each in answers if each.status == 503]
    assert busy
    assert all(int(each.headers["retry-after"]) > 0 for each in busy)
    assert any(each.status == 303 for each in answers)


@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect", "/register", "/sign-in"])
async def test_a_megabyte_is_not_read(path: str) -> None:
    async with world() as here:
        query = here.authorize_url().partition("?")[2] if path == "/sign-in" else ""
        answer = await here.post(f"{path}?{query}", {"grant_type": LARGE})
    assert answer.status == 413


async def test_a_long_query_is_not_read() -> None:
    async with world() as here:
        answer = await here.browser().request("GET", here.authorize_url(state="x" * 20_000))
        many = "&".join(f"a{n}=b" for n in range(100))
        crowded = await here.browser().request("GET", f"{here.authorize_url()}&{many}")
    assert answer.status in (414, 431)
    assert crowded.status == 400


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"grant_type": "password", "username": "alice", "password": "x"},
        {"grant_type": "implicit"},
        {"grant_type": "authorization_code"},
        {"grant_type": ["authorization_code", "refresh_token"]},
        {"grant_type": 'x"y\\z\n'},
        {"grant_type": "authorization_code", "client_id": "\0"},
        {"grant_type": "refresh_token", "client_id": "web"},
        {"grant_type": "client_credentials", "client_id": "web"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "web"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "client_id": "web"},
        {"grant_type": "authorization_code", "client_id": "web", "code": "x" * 50_000},
    ],
)
async def test_nonsense_at_the_token_endpoint_is_answered_plainly(form: dict[str, Any]) -> None:
    async with world() as here:
        answer = await here.post("/token", form)
    assert answer.status in (400, 401)
    assert answer.message["error"]
    assert "access_token" not in answer.message


async def test_only_forms_are_forms() -> None:
    async with world() as here:
        client = here.site.client("/token")
        for content in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
            answer = await client.request("POST", b"{}", {"content-type": content})
            assert answer.status == 400
        for method in ("GET", "PUT", "DELETE"):
            assert (await client.request(method)).status == 405
        assert (await here.site.client("/token/more").request("POST")).status == 404
