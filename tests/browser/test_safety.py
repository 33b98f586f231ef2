"""What a browser makes of our pages: no script, no frame, and everything has a name."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from tests.browser.browsing import Tab

Open = Callable[..., Tab]


def test_everything_has_a_name_and_a_role(tab: Open) -> None:
    here = tab(prompt="consent")
    fields = {each.get_attribute("id"): each for each in here.all("input[id]")}
    names = {name: each.accessible_name for name, each in fields.items()}
    assert names == {"username": "Name", "password": "Password"}
    kinds = {name: each.get_attribute("autocomplete") for name, each in fields.items()}
    assert kinds == {"username": "username", "password": "current-password"}
    assert here.focused().get_attribute("id") == "username"
    _check_outline(here)
    here.sign_in()
    here.until_titled("Allow access?")
    buttons = [(each.accessible_name, each.aria_role) for each in here.all("button")]
    assert buttons == [("Allow", "button"), ("Deny", "button")]
    _check_outline(here)


def _check_outline(here: Tab) -> None:
    assert here.one("html").get_attribute("lang") == "en"
    assert len(here.all("main")) == len(here.all("h1")) == 1
    assert here.one("h1").text == here.driver.title


def test_there_is_no_script_and_none_would_run(tab: Open) -> None:
    here = tab(prompt="consent")
    for _ in ("sign-in", "consent"):
        assert here.all("script, [onclick], [onload], [style]") == []
        here.driver.execute_script(
            "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
            "document.body.append(s);"
        )
        assert here.driver.execute_script("return window.ran") is None
        assert any("Content Security Policy" in each for each in here.complaints())
        if "Sign in" in here.driver.title:
            here.sign_in()
            here.until_titled("Allow access?")


def test_no_other_page_can_hold_ours_in_a_frame(tab: Open) -> None:
    here = tab(prompt="consent")
    url = here.driver.current_url
    here.client.pages["/trap"] = f'<title>Trap</title><iframe src="{escape(url)}"></iframe>'
    here.driver.get(f"{here.client.origin}/trap")
    here.until_titled("Trap")
    assert any("frame-ancestors" in each for each in here.complaints())
    here.driver.switch_to.frame(here.one("iframe"))
    assert here.all("form") == []
