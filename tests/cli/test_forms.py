"""Fields of a form: how they are asked for, and what an answer becomes."""

from typing import Any

import pytest

from zcp.cli.forms import answer, choices, question

PICK = {"type": "string", "oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]}
MANY = {"type": "array", "items": {"type": "string", "enum": ["x", "y"]}}


@pytest.mark.parametrize(
    ("field", "required", "shown"),
    [
        ({"type": "string"}, True, "  name: "),
        ({"type": "string"}, False, "  name [skip]: "),
        ({"type": "string", "title": "Name", "description": "Yours"}, True, "  Name - Yours: "),
        ({"type": "boolean", "default": True}, False, "  name (yes/no) [True]: "),
        (PICK, True, "  name (a/b): "),
        (MANY, True, "  name (x/y): "),
    ],
)
def test_a_field_is_asked_for(field: dict[str, Any], required: bool, shown: str) -> None:
    assert question("name", field, required) == shown


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        ("12", {"type": "string"}, "12"),
        ("12", {"type": "integer"}, 12),
        ("1.5", {"type": "number"}, 1.5),
        ("Yes", {"type": "boolean"}, True),
        ("n", {"type": "boolean"}, False),
        ("b", PICK, "b"),
        ("x, y", MANY, ["x", "y"]),
        ("free", {}, "free"),
    ],
)
def test_an_answer_has_its_fields_type(typed: str, field: dict[str, Any], value: Any) -> None:
    assert answer(typed, field) == value
    assert type(answer(typed, field)) is type(value)


@pytest.mark.parametrize(
    ("typed", "field", "reason"),
    [
        ("x", {"type": "integer"}, "a number is wanted"),
        ("true", {"type": "integer"}, "a number is wanted"),
        ("1.5", {"type": "integer"}, "a whole number is wanted"),
        ("maybe", {"type": "boolean"}, "answer yes or no"),
        ("c", PICK, "choose one of a, b"),
        ("x,z", MANY, "choose one of x, y"),
    ],
)
def test_a_wrong_answer_is_refused(typed: str, field: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        answer(typed, field)


def test_choices_in_all_their_spellings() -> None:
    assert choices({"type": "string", "enum": ["p", "q"]}) == ["p", "q"]
    assert choices(PICK) == ["a", "b"]
    assert choices({"type": "array", "items": {"anyOf": [{"const": 1}]}}) == [1]
    assert choices({"type": "string"}) == []
