"""Getting a code without the user's leave (RFC 9700, section 4.13; MCP, "Confused Deputy")."""

from __future__ import annotations

from typing import Any

import pytest
from oauth_site import ISSUER, Browser, World, answer_of, guard_of, web_client, world

pytestmark = pytest.mark.anyio


async def signed_in(here: World, **more: Any) -> Browser:
    """A browser in which alice allowed what `more` asks."""
    browser = here.browser()
    assert "code" in answer_of(await browser.walk(here.authorize_url(**more)))
    return browser


async def asks(here: World, browser: Browser, **more: Any) -> bool:
    """Whether the user is asked; otherwise the client was answered at once."""
    answer = await browser.request("GET", here.authorize_url(**more))
    return answer.status == 200 and b'value="allow"' in answer.body


async def test_what_was_agreed_to_is_remembered() -> None:
    async with world() as here:
        browser = await signed_in(here)
        assert not await asks(here, browser)
        assert not await asks(here, browser, scope=None)


async def test_a_remembered_consent_is_for_nothing_else() -> None:
    async with world() as here:
        here.provider.add_client(web_client("other"))
        browser = await signed_in(here)
        assert await asks(here, browser, scope="weather.read weather.write")
        assert await asks(here, browser, scope="weather.write")
        assert await asks(here, browser, resource=f"{ISSUER}/zcp")
        assert await asks(here, browser, client_id="other")
        assert await asks(here, browser, prompt="consent")


async def test_another_redirect_uri_of_the_same_client_is_asked_about() -> None:
    async with world() as here:
        two = ("https://client.example/cb", "https://client.example/other")
        here.provider.replace_client(web_client(redirect_uris=two))
        browser = await signed_in(here)
        assert await asks(here, browser, redirect_uri=two[1])


async def test_a_program_on_the_users_machine_is_asked_about_each_time() -> None:
    local = "http://127.0.0.1:4711/cb"
    for remembered in (False, True):
        async with world(remember_native_consent=remembered) as here:
            here.provider.add_client(web_client("cli", redirect_uris=(local,)))
            asked: Any = {"client_id": "cli", "redirect_uri": local}
            browser = await signed_in(here, **asked)
            assert await asks(here, browser, **asked) is not remembered


async def test_no_consent_is_remembered_if_none_shall_be() -> None:
    async with world(consent_seconds=0) as here:
        browser = await signed_in(here)
        assert await asks(here, browser)


async def test_prompt_none_never_leads_around_a_page() -> None:
    async with world() as here:
        for browser, error in (
            (here.browser(), "login_required"),
            (await signed_in(here), "consent_required"),
        ):
            url = here.authorize_url(prompt="none", scope="weather.write")
            answer = await browser.request("GET", url)
            assert answer_of(answer.headers["location"])["error"] == error


async def test_a_forged_decision_is_not_taken() -> None:
    async with world() as here:
        browser = await signed_in(here)
        url = here.authorize_url(scope="weather.write")
        guard = guard_of(await browser.request("GET", url))
        right = {"decision": "allow", "guard": guard}
        for form in ({"decision": "allow"}, {**right, "guard": "x"}, {**right, "guard": ""}):
            assert (await browser.request("POST", url, form)).status == 403
        elsewhere = await browser.request("POST", url, right, origin="https://evil.example")
        assert elsewhere.status == 403
        sandboxed = await browser.request("POST", url, right, origin="null")
        assert sandboxed.status == 403
        crossed = await browser.request("POST", url, right, **{"sec-fetch-site": "cross-site"})
        assert crossed.status == 403
        assert (await browser.request("POST", url, right)).status == 303


async def test_the_guard_of_one_page_is_good_for_no_other() -> None:
    async with world() as here:
        browser, other = await signed_in(here), await signed_in(here)
        url = here.authorize_url(scope="weather.write")
        right = {"decision": "allow", "guard": guard_of(await browser.request("GET", url))}
        more = here.authorize_url(scope="weather.read weather.write")
        assert (await browser.request("POST", more, right)).status == 403
        state = here.authorize_url(scope="weather.write", state="another")
        assert (await browser.request("POST", state, right)).status == 403
        assert (await other.request("POST", url, right)).status == 403
        assert (await here.browser().request("POST", url, right)).status == 303, "to sign in"


async def test_a_sign_in_cannot_be_forged_either() -> None:
    async with world() as here:
        victim = here.browser()
        url = here.authorize_url().replace("/authorize", "/sign-in")
        attackers = guard_of(await here.browser().request("GET", url))
        await victim.request("GET", url)
        form = {"username": "bob", "password": "correct horse battery", "guard": attackers}
        assert (await victim.request("POST", url, form)).status == 403


async def test_a_session_made_before_is_not_the_one_after() -> None:
    async with world() as here:
        browser = here.browser()
        browser.cookies["zcp-session"] = "zcp_bs_planted"
        await browser.walk(here.authorize_url())
        assert browser.cookies["zcp-session"] != "zcp_bs_planted"


async def test_pages_are_in_no_frame_and_run_no_script() -> None:
    async with world() as here:
        browser = await signed_in(here)
        consent = await browser.request("GET", here.authorize_url(scope="weather.write"))
        sign_in = await browser.request(
            "GET", here.authorize_url().replace("/authorize", "/sign-in")
        )
    for page in (consent, sign_in):
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
        assert b"<script" not in page.body


async def test_a_name_that_is_html_is_text() -> None:
    async with world() as here:
        named = web_client("evil", client_name="<script>alert(1)</script>")
        here.provider.add_client(named)
        browser = await signed_in(here)
        page = await browser.request("GET", here.authorize_url("evil", state='"><script>'))
    assert b"<script" not in page.body
    assert b"&lt;script&gt;" in page.body


async def test_nobody_gets_more_than_the_user_may_have() -> None:
    async with world() as here:
        both = "weather.read weather.write"
        code = await here.code("bob", scope=both)
        assert (await here.exchange(code)).message["scope"] == "weather.read"
        only = await here.browser().walk(here.authorize_url(scope="weather.write"), "bob")
        assert answer_of(only)["error"] == "access_denied"


async def test_nobody_gets_more_than_the_client_may_have() -> None:
    async with world() as here:
        here.provider.add_client(web_client("small", scopes=("weather.read",)))
        both = "weather.read weather.write"
        tokens = await here.tokens(client_id="small", scope=both)
        assert tokens["scope"] == "weather.read"


async def test_a_scope_nobody_defined_cannot_be_had() -> None:
    async with world() as here:
        answer = await here.browser().request("GET", here.authorize_url(scope="root.everything"))
        assert answer_of(answer.headers["location"])["error"] == "invalid_scope"
