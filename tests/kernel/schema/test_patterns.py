"""The pure engine's patterns match what ECMA-262 means, or are refused."""

from __future__ import annotations

import re

import pytest
from zcp_kernel._core.schema.pure_patterns import translate
from zcp_kernel.errors import SchemaRefused


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        ("^a$", ["a"], ["a\n", "b", "aa"]),
        (r"^\d+$", ["42"], ["٤", "4a"]),
        (r"^\w$", ["a", "_"], ["é", "-"]),
        (r"^\s$", [" ", "\t", "\u00a0", "\ufeff"], ["a", "\x1c"]),
        (r"^\S$", ["a", "\x1c"], [" ", "\u2003"]),
        (r"^[^\d]$", ["a"], ["1"]),
        (r"^[\w.-]+@[\w-]+\.\w+$", ["a.b@c.de"], ["a@b", "é@b.cd"]),
        (r"^.$", ["a", "é", "💩"], ["\n", "\r", "\u2028", ""]),
        (r"\$", ["1$"], ["1"]),
        (r"^[$]$", ["$"], ["1"]),
        (r"^[[&]$", ["[", "&"], ["]"]),
        (r"\bfoo\b", ["a foo b", "éfoo"], ["foobar"]),
        (r"^\u0041\x42\/\.$", ["AB/."], ["AB//"]),
        (r"^(?:ab)?c{2,3}(?=d)", ["abccd", "cccd"], ["abc", "ccccd"]),
        (r"^[a-z]+$|^\d$", ["abc", "1"], ["A", "12"]),
        ("^[一-龠]+$", ["漢字"], ["kanji"]),
        ("^a{2}$", ["aa"], ["a"]),
    ],
)
def test_patterns_mean_what_ecma_says(pattern: str, fits: list[str], fails: list[str]) -> None:
    compiled = re.compile(translate(pattern))
    assert all(compiled.search(text) for text in fits)
    assert not any(compiled.search(text) for text in fails)


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "[a",
        "a**",
        r"(a)\1",
        r"\Aa",
        r"a\Z",
        r"\p{L}",
        r"\cA",
        r"\u{1F4A9}",
        r"\ud83d",
        r"\01",
        r"[\S]",
        "[]a]",
        "[^]",
        "(?i)a",
        "(?P<n>a)",
        "(?<n>a)",
        "(?#a)",
        "(?>a)",
        "a++",
        "a{,3}",
        "(?<=a+)b",
        "(a+)+",
        "(a|b|cd)*",
        "(a{1,9})*",
        "(a?)*",
        "a*b*c*d*",
        "(a?){40}b",
        "(.*a){20}",
        "\\",
    ],
)
def test_what_differs_or_explodes_is_refused(pattern: str) -> None:
    with pytest.raises(SchemaRefused, match="pattern") as refusal:
        translate(pattern)
    assert refusal.value.keyword == "pattern"


def test_costly_patterns_take_short_texts_only() -> None:
    """Three endless repeats: a cube, so 256 characters (see the module)."""
    email = re.compile(translate(r"^[^@]+@[^@]+\.[a-z]+$"))
    room = 256
    assert email.search("a" * (room - 5) + "@b.cd")
    assert not email.search("a" * room + "@b.cd")


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$",
        r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
        r"^(\d{1,3}\.){3}\d{1,3}$",
        r"^(?:red|green|blue)$",
        r"^#[0-9a-fA-F]{6}$",
        r"^https?://[^\s/]+/.*$",
        r"^.{1,200}$",
    ],
)
def test_everyday_patterns_are_taken(pattern: str) -> None:
    re.compile(translate(pattern))
