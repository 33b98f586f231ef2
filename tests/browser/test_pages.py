"""Somebody signs in and is asked for consent, in a real browser. Screenshots are kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver import Keys

from tests.browser.browsing import Tab

Open = Callable[..., Tab]


def test_signing_in_and_allowing_takes_a_keyboard_alone(tab: Open) -> None:
    here = tab(prompt="consent")
    here.until_titled("Sign in to Weather")
    here.screenshot("1-sign-in")
    here.sign_in()
    here.until_titled("Allow access?")
    here.screenshot("2-consent")
    text = here.one("main").text
    for told in ("Photo Frame", "Weather", "Alice", "weather.read", "weather.write"):
        assert told in text, text
    assert f"{here.issuer}/mcp" in text
    assert here.client.origin in text
    here.press(Keys.TAB)
    assert here.focused().accessible_name == "Allow"
    here.press(Keys.ENTER)
    here.until_titled("Back at the client")
    (answer,) = here.client.answers
    assert set(answer) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("a b&c", here.issuer)
    assert here.complaints() == []


def test_denying(tab: Open) -> None:
    here = tab(prompt="consent")
    here.sign_in()
    here.until_titled("Allow access?")
    here.press(Keys.TAB, Keys.TAB)
    assert here.focused().accessible_name == "Deny"
    here.screenshot("3-about-to-deny")
    here.press(Keys.SPACE)
    here.until_titled("Back at the client")
    (answer,) = here.client.answers
    assert answer == {"error": "access_denied", "state": "a b&c", "iss": here.issuer}
    assert here.complaints() == []


def test_signing_in_leads_straight_on_where_consent_is_remembered(tab: Open) -> None:
    """A browser holds a form's whole way, redirects included, to the policy of the page."""
    here = tab(prompt="consent")
    here.sign_in()
    here.until_titled("Allow access?")
    here.press(Keys.TAB, Keys.ENTER)
    here.until_titled("Back at the client")
    here = tab(prompt="login")
    here.until_titled("Sign in to Weather")
    here.sign_in()
    here.until_titled("Back at the client")
    assert "code" in here.client.answers[0]
    assert here.complaints() == []


def test_a_wrong_password_is_told_and_can_be_put_right(tab: Open) -> None:
    here = tab(prompt="consent")
    here.sign_in("wrong")
    here.until_titled("Sign in to Weather")
    alert = here.one("[role=alert]")
    assert "wrong" in alert.text
    here.screenshot("4-wrong-password")
    here.sign_in()
    here.until_titled("Allow access?")


def test_an_unknown_client_is_told_to_the_user_alone(tab: Open) -> None:
    here = tab(client_id="stranger")
    here.until_titled("This request cannot be followed")
    here.screenshot("5-unknown-client")
    assert here.client.answers == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_small_screen(tab: Open, scheme: str) -> None:
    here = tab(prompt="consent")
    emulate = here.driver.execute_cdp_cmd
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    emulate("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    emulate("Emulation.setDeviceMetricsOverride", metrics)
    for page in ("sign-in", "consent"):
        here.screenshot(f"6-{page}-small-{scheme}")
        wide = here.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= 320, page
        if page == "sign-in":
            here.sign_in()
            here.until_titled("Allow access?")
