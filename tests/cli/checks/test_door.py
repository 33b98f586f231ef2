"""What only shows over HTTP: who is let in, how a token is renewed, how much is too much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.connecting import connect

from zcp.cli.checking.bench import Bench, Credentials
from zcp.cli.checking.checks import CHECKLIST
from zcp.cli.checking.outcome import Report
from zcp.cli.checking.runner import run_checks
from zcp.cli.checking.traffic import Traffic, WatchingHost

from .fake_site import RESOURCE, SERVER, TOKEN, Site, open_site
from .fakes import REVISION

pytestmark = pytest.mark.anyio


class SiteWay:
    """Implements `bench.Way` for a site whose token is known."""

    def __init__(self, site: Site, token: str | None) -> None:
        self.url = f"{site.url}/mcp"
        self.has_credentials = token is not None
        self.traffic = Traffic()
        self._token = token
        self._host = WatchingHost(self.traffic)

    def session(self, *, credentials: Credentials = "given", **options: Any) -> ZCPClientSession:
        token = {"given": self._token, "none": None, "wrong": "made-up"}[credentials]
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return connect(self.url, headers=headers, revision=REVISION, host=self._host, **options)


async def checked(site: Site, token: str | None = None, burst: int = 30) -> dict[str, Report]:
    bench = Bench(SiteWay(site, token), idle_seconds=0.0, burst=burst)
    return {each.name: each for each in await run_checks(bench, CHECKLIST, limit=20)}


def failed(reports: dict[str, Report]) -> dict[str, str]:
    return {name: each.reason for name, each in reports.items() if each.verdict == "fail"}


def only_the_right(header: str) -> bool:
    return header == f"Bearer {TOKEN}"


async def test_an_open_site() -> None:
    with open_site(Site()) as site:
        reports = await checked(site)
    assert failed(reports) == {}
    for name in ("auth failure", "token refresh"):
        assert reports[name].verdict == "not applicable"
        assert reports[name].reason == "the server asks for no credentials"


async def test_a_site_with_a_door() -> None:
    with open_site(Site(admits=only_the_right)) as site:
        reports = await checked(site, TOKEN)
        assert failed(reports) == {}
        assert reports["auth failure"].reason.endswith("get 401 and a Bearer challenge")
        assert reports["token refresh"].reason.startswith("the tokens do not come from OAuth")
        outside = await checked(site)
    assert list(failed(outside)) == ["initialize"]
    assert "401" in outside["initialize"].reason
    assert outside["auth failure"].verdict == "pass"


DOORS: dict[str, tuple[Site, str]] = {
    "nobody checks": (Site(), "the server answers without the credentials it was given"),
    "any token will do": (
        Site(admits=lambda header: header != ""),
        "the server accepts a made-up bearer token",
    ),
    "another status": (
        Site(admits=only_the_right, refusal=403),
        "a caller without credentials gets HTTP 403; it should be 401",
    ),
    "no challenge": (
        Site(admits=only_the_right, challenge=None),
        "a 401 without WWW-Authenticate does not say what is wanted",
    ),
}


@pytest.mark.parametrize("how", DOORS)
async def test_a_broken_door_fails_that_check_alone(how: str) -> None:
    door, reason = DOORS[how]
    with open_site(door) as site:
        reports = await checked(site, TOKEN)
    assert failed(reports).keys() == {"auth failure"}
    assert reports["auth failure"].reason.startswith(reason)


# -- refresh ---------------------------------------------------------------------------------------


def oauth(site: Site, **changes: Any) -> dict[str, Any]:
    """The documents of a site whose tokens come from itself; `changes` go over the server's."""
    server = {
        "issuer": site.url,
        "token_endpoint": f"{site.url}/token",
        "grant_types_supported": ["authorization_code", "refresh_token"],
    }
    return {
        RESOURCE: {"resource": f"{site.url}/mcp", "authorization_servers": [site.url]},
        SERVER: {key: value for key, value in {**server, **changes}.items() if value is not None},
    }


async def refreshed(change: Callable[[Site], object]) -> dict[str, Report]:
    with open_site(Site(admits=only_the_right)) as site:
        site.documents = oauth(site)
        change(site)
        return await checked(site, TOKEN)


async def test_tokens_that_can_be_renewed() -> None:
    report = (await refreshed(lambda _: None))["token refresh"]
    assert (report.verdict, report.reason.endswith(" renews tokens")) == ("pass", True)


async def test_the_challenge_may_name_the_metadata() -> None:
    def elsewhere(site: Site) -> None:
        site.documents["/elsewhere"] = site.documents.pop(RESOURCE)
        site.challenge = f'Bearer realm="x", resource_metadata="{site.url}/elsewhere"'

    assert (await refreshed(elsewhere))["token refresh"].verdict == "pass"


async def test_a_server_without_refresh_tokens() -> None:
    def changed(site: Site) -> None:
        site.documents = oauth(site, grant_types_supported=None)

    report = (await refreshed(changed))["token refresh"]
    assert report.verdict == "not applicable"
    assert report.reason == "the authorization server offers no refresh tokens"


def names_nothing_that_is_there(site: Site) -> None:
    site.challenge = f'Bearer resource_metadata="{site.url}/nowhere"'


def resource_is_no_json(site: Site) -> None:
    site.documents[RESOURCE] = b"<html>"


def nobody_issues(site: Site) -> None:
    site.documents[RESOURCE] = {"resource": site.url}


def issuer_without_metadata(site: Site) -> None:
    del site.documents[SERVER]


def issuer_of_another_name(site: Site) -> None:
    site.documents = oauth(site, issuer="https://other.example")


def issuer_without_an_endpoint(site: Site) -> None:
    site.documents = oauth(site, token_endpoint=None)


def issuer_that_is_no_url(site: Site) -> None:
    site.documents[RESOURCE] = {"authorization_servers": ["file:///etc/passwd"]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (names_nothing_that_is_there, "the challenge names is answered with HTTP 404"),
        (resource_is_no_json, "the resource's metadata is no JSON object"),
        (nobody_issues, "names no authorization server"),
        (issuer_without_metadata, "has no metadata"),
        (issuer_of_another_name, "is that of 'https://other.example'"),
        (issuer_without_an_endpoint, "has no token_endpoint"),
        (issuer_that_is_no_url, "is no URL"),
    ],
)
async def test_broken_metadata_fails_that_check_alone(
    change: Callable[[Site], object], reason: str
) -> None:
    reports = await refreshed(change)
    assert failed(reports).keys() == {"token refresh"}
    assert reason in reports["token refresh"].reason


# -- rate limit ------------------------------------------------------------------------------------


async def limited(**door: Any) -> Report:
    with open_site(Site(limit=15, **door)) as site:
        return (await checked(site))["rate limit"]


async def test_a_limit_that_says_how_long() -> None:
    report = await limited(limited=1)
    assert report.verdict == "pass"
    assert report.reason == "a limit was met; asks to wait 0 s; answers again then"


async def test_a_limit_that_does_not_say() -> None:
    report = await limited(limited=1, retry_after=None)
    assert report.verdict == "pass"
    assert "does not say how long to wait; answers again then" in report.reason


async def test_a_limit_for_longer_than_anybody_waits() -> None:
    report = await limited(limited=10_000, retry_after="3600")
    assert report.verdict == "pass"
    assert report.reason == "a limit was met; asks to wait 3600 s, not waited for"


async def test_a_limit_that_does_not_keep_its_word() -> None:
    report = await limited(limited=10_000)
    assert report.verdict == "fail"
    assert "still refused after the wait of 0 s" in report.reason
