"""Tables and text, off the terminal."""

import io
import json

import pytest

from zcp.cli.rendering import Screen, aligned, safe, signature, width


def test_columns_begin_at_the_same_place() -> None:
    assert aligned([["a", "bb"], ["cccc", "d"]]) == ["a     bb", "cccc  d"]


def test_wide_signs_count_twice() -> None:
    assert width("天气") == 4
    assert aligned([["天气", "x"], ["abcd", "y"]]) == ["天气  x", "abcd  y"]


def test_a_cell_is_one_line() -> None:
    assert aligned([["a\nb", "c"]]) == ["a b  c"]


@pytest.mark.parametrize(
    ("schema", "line"),
    [
        (None, ""),
        ({"type": "object"}, ""),
        (
            {
                "properties": {
                    "city": {"type": "string"},
                    "unit": {"enum": ["celsius", "fahrenheit"]},
                },
                "required": ["city"],
            },
            "city: string, unit?: celsius|fahrenheit",
        ),
        (
            {
                "properties": {
                    "a": {"type": "array", "items": {"$ref": "#/$defs/Stop"}},
                    "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    "c": True,
                    "d": {"type": ["string", "null"]},
                }
            },
            "a?: Stop[], b?: integer|null, c?: any, d?: string|null",
        ),
    ],
)
def test_a_schema_in_one_line(schema: dict[str, object] | None, line: str) -> None:
    assert signature(schema) == line


def test_control_characters_are_shown_not_obeyed() -> None:
    assert safe("\x1b[2Jx\ty\n\x9b") == "\\x1b[2Jx\ty\n\\x9b"


def test_text_to_a_file_is_left_as_it_is() -> None:
    out = io.StringIO()
    Screen(out).text("\x1b[31mred")
    assert out.getvalue() == "\x1b[31mred\n"


def test_quiet_says_nothing_but_errors() -> None:
    err = io.StringIO()
    screen = Screen(io.StringIO(), quiet=True, err=err)
    screen.note("hello")
    screen.problem("broken")
    assert err.getvalue() == "error: broken\n"


def test_a_document_has_no_control_characters_and_says_the_same() -> None:
    out = io.StringIO()
    Screen(out).document({"a": "\x9b\x7f\x1b天"})
    assert json.loads(out.getvalue()) == {"a": "\x9b\x7f\x1b天"}
    assert not {"\x9b", "\x7f", "\x1b"} & set(out.getvalue())
    assert "天" in out.getvalue()
