"""URI templates: what they match, what they refuse, and that filling in and taking apart agree."""

from __future__ import annotations

import re
from typing import Any

import pytest
from harness import connected, make_app
from hypothesis import given
from hypothesis import strategies as st
from zcp_kernel._core.templates import UriTemplate
from zcp_kernel.errors import RegistrationError, RemoteError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def segment(value: str) -> bool:
    """Whether a value may stand for one path segment."""
    return not set("/\\\x00") & set(value) and value != ".."


def path(value: str) -> bool:
    """Whether a value may stand for several path segments."""
    parts = value.replace("\\", "/").split("/")
    return ".." not in parts and "\x00" not in value and not set("?#") & set(value)


@given(TEXT.filter(segment), TEXT.filter(segment))
def test_a_uri_taken_apart_gives_what_was_filled_in(city: str, day: str) -> None:
    template = UriTemplate("weather://{city}/days/{day}")
    values = {"city": city, "day": day}
    assert template.match(template.expand(values)) == values


@given(TEXT.filter(path), TEXT.filter(segment))
def test_so_it_does_with_a_path(where: str, name: str) -> None:
    template = UriTemplate("file:///{+where}?name={name}")
    values = {"where": where, "name": name}
    assert template.match(template.expand(values)) == values


@given(st.text())
def test_any_text_is_taken_apart_or_refused(uri: str) -> None:
    for template in (UriTemplate("{one}"), UriTemplate("{+all}"), UriTemplate("x://{a}/{b}")):
        for name, value in (template.match(uri) or {}).items():
            stays = segment if name != "all" else lambda value: path(re.sub("[?#]", "", value))
            assert stays(value)


@pytest.mark.parametrize(
    ("template", "uri", "found"),
    [
        ("a://{x}", "a://1", {"x": "1"}),
        ("a://{x}", "a://", None),
        ("a://{x}", "a://1/2", None),
        ("a://{x}", "b://1", None),
        ("a://{x}", "a://1\n", {"x": "1\n"}),
        ("a://{x}/z", "a://1/z", {"x": "1"}),
        ("a://{x}.{y}", "a://1.txt", {"x": "1", "y": "txt"}),
        ("a://{x}", "a://caf%C3%A9", {"x": "café"}),
        ("a://{x}", "a://café", {"x": "café"}),
        ("a://{x}", "a://1?q=1", None),
        ("a://{x}?q={q}", "a://1?q=2", {"x": "1", "q": "2"}),
        ("a://{+p}", "a://1/2/3", {"p": "1/2/3"}),
        ("a://{+p}", "a://1/2?q", None),
        ("a.b://{x}", "aXb://1", None),
        ("a://{a_b.c}", "a://1", {"a_b.c": "1"}),
        ("a://fixed", "a://fixed", {}),
    ],
)
def test_matching(template: str, uri: str, found: dict[str, str] | None) -> None:
    assert UriTemplate(template).match(uri) == found


HOSTILE = [
    "..",
    "%2e%2e",
    "%2E.",
    "a%2Fb",
    "a%2fb",
    "..%2F..%2Fetc%2Fpasswd",
    "..%5C..%5Cboot.ini",
    "a%5Cb",
    "x%00",
    "%00",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_segment_never_leaves_its_place(value: str) -> None:
    assert UriTemplate("file:///docs/{name}").match(f"file:///docs/{value}") is None


@pytest.mark.parametrize(
    "value",
    ["../x", "a/../../x", "a/..", "a/%2e%2e/x", "a%2F..%2Fx", "a\\..\\x", "a/%5C..%5C/x", "a%00"],
)
def test_a_path_never_climbs(value: str) -> None:
    assert UriTemplate("file:///docs/{+path}").match(f"file:///docs/{value}") is None


@pytest.mark.parametrize("value", ["...", "..a", "a..", "a..b", "%25", "%2e"])
def test_what_only_looks_like_climbing_is_let_in(value: str) -> None:
    assert UriTemplate("file:///docs/{name}").match(f"file:///docs/{value}") is not None


@pytest.mark.parametrize("template", ["a://{", "a://}", "a://{x", "a://{?q}", "a://{x*}", "a://{}"])
def test_templates_beyond_the_supported_levels_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"only \{name\} and \{\+name\} are supported"):
        UriTemplate(template)


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(KeyError, match="city"):
        UriTemplate("weather://{city}").expand({"town": "x"})


def test_a_variable_twice_and_a_template_twice_are_refused_with_their_place() -> None:
    app = make_app()
    with pytest.raises(RegistrationError, match=r"names a variable twice .*test_uri_templates\.py"):
        app.resource_template("a://{x}/{x}")(lambda x: x)
    app.resource_template("a://{x}")(lambda x: x)
    with pytest.raises(RegistrationError, match=r"template 'a://{x}' .*test_uri_templates\.py"):
        app.resource_template("a://{x}")(lambda x: x)


@pytest.mark.anyio
async def test_a_hostile_uri_reaches_no_handler() -> None:
    app, reached = make_app(), list[Any]()
    app.resource_template("file:///docs/{name}")(lambda name: reached.append(name) or "")
    async with connected(app) as client:
        for value in HOSTILE:
            with pytest.raises(RemoteError, match="not_found:file:///docs/"):
                await client.read_resource(f"file:///docs/{value}")
        await client.read_resource("file:///docs/readme")
    assert reached == ["readme"]
