"""Whole signatures: parameters, results, docstrings, what cannot work."""

from __future__ import annotations

import collections.abc as abc
import functools
import typing as t
from dataclasses import dataclass
from datetime import date

import pydantic
import pytest
from zcp_kernel._core.hints import signature_schema
from zcp_kernel.errors import RegistrationError
from zcp_kernel.model import TextContent

from . import handlers_as_text
from .shapes import Color, Point


def test_a_whole_signature() -> None:
    def handler(  # type: ignore[no-untyped-def]
        city: t.Annotated[str, "where"],
        unit: t.Literal["c", "f"] = "c",
        color: Color = Color.RED,
        place: Point | None = None,
        secret: t.Any = object(),  # noqa: B008
        untyped=5,
    ) -> dict[str, int]:
        """Tell the weather.

        In one line.

        Args:
            city: not this text
            unit (str, optional): scale of the
                thermometer

        Returns:
            the weather
        """
        return {}

    signature = signature_schema(handler)
    assert signature.description == "Tell the weather.\n\nIn one line."
    properties = signature.input_schema["properties"]
    assert properties["city"] == {"type": "string", "description": "where"}
    assert properties["unit"]["description"] == "scale of the thermometer"
    assert properties["unit"]["default"] == "c"
    assert properties["color"]["default"] == "red"
    assert properties["place"]["default"] is None
    assert properties["secret"] == {}
    assert properties["untyped"] == {"default": 5}
    assert signature.input_schema["required"] == ["city"]
    assert signature.input_schema["additionalProperties"] is False
    assert signature.input_schema["type"] == "object"
    assert signature.output_schema == {
        "type": "object",
        "additionalProperties": {"type": "integer"},
    }


def test_parameters_the_framework_fills_are_left_out() -> None:
    signature = signature_schema(handlers_as_text.grow, skip={"ctx"})
    assert set(signature.input_schema["properties"]) == {"leaf", "options"}
    assert signature.structure is not None
    found = signature.structure({"leaf": {"size": 1}, "options": {"depth": 2}})
    assert found == {"leaf": handlers_as_text.Leaf(1), "options": {"depth": 2}}


def test_string_hints_keep_required_members_apart() -> None:
    schema = signature_schema(handlers_as_text.grow, skip={"ctx"}).input_schema
    assert schema["properties"]["options"]["required"] == ["depth"]


def test_definitions_used_twice_are_shared() -> None:
    def handler(a: Color, b: Color) -> None: ...

    schema = signature_schema(handler).input_schema
    assert schema["properties"] == {"a": {"$ref": "#/$defs/Color"}, "b": {"$ref": "#/$defs/Color"}}
    assert list(schema["$defs"]) == ["Color"]


def test_two_classes_of_one_name_stay_two() -> None:
    def other() -> t.Any:
        @dataclass
        class Point:
            z: int

        return Point

    def handler(a: t.Any, b: t.Any, c: t.Any, d: t.Any) -> None: ...

    handler.__annotations__.update(a=Point, b=other(), c=Point, d=handler.__annotations__["b"])
    schema = signature_schema(handler).input_schema
    assert "x" in schema["$defs"]["Point"]["properties"]
    assert schema["properties"]["b"]["required"] == ["z"]


def test_keyword_arguments_open_the_schema() -> None:
    def anything(a: int, **more: t.Any) -> None: ...

    def dates(**more: date) -> None: ...

    assert signature_schema(anything).input_schema["additionalProperties"] is True
    signature = signature_schema(dates)
    assert signature.input_schema["additionalProperties"]["format"] == "date"
    assert signature.structure is not None
    assert signature.structure({"x": "2026-01-01"}) == {"x": date(2026, 1, 1)}


def _positional(a: int, /) -> None: ...
def _variable(*a: int) -> None: ...
def _foreign(a: abc.Callable[[], int]) -> None: ...
def _field(a: int = pydantic.Field(3)) -> None: ...


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (_positional, "by name"),
        (_variable, "by name"),
        (_foreign, "input_schema"),
        (_field, "Annotated"),
        (handlers_as_text.lost, "Nowhere"),
    ],
)
def test_what_cannot_work_names_file_and_line(
    handler: abc.Callable[..., t.Any], words: str
) -> None:
    with pytest.raises(RegistrationError, match=words) as refusal:
        signature_schema(handler)
    code = handler.__code__
    assert f"{code.co_filename}:{code.co_firstlineno}" in str(refusal.value)


class Service:
    def method(self, a: int) -> str:
        """Do it."""
        return str(a)

    @classmethod
    def of_class(cls, a: int) -> None: ...

    @staticmethod
    def static(a: int) -> None: ...

    def __call__(self, a: int) -> None:
        """Call it."""


def wrapped(function: abc.Callable[..., t.Any]) -> abc.Callable[..., t.Any]:
    @functools.wraps(function)
    def wrapper(*args: t.Any, **kwargs: t.Any) -> t.Any:
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("handler", "description"),
    [
        (Service().method, "Do it."),
        (Service.of_class, None),
        (Service.static, None),
        (Service(), "Call it."),
        (wrapped(Service().method), "Do it."),
        (functools.partial(lambda a, b: None, b=1), None),
    ],
)
def test_any_callable_will_do(handler: abc.Callable[..., t.Any], description: str | None) -> None:
    signature = signature_schema(handler, skip={"b"})
    assert list(signature.input_schema["properties"]) == ["a"]
    assert signature.description == description


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (None, None),
        (t.Any, None),
        (bytes, None),
        (dict, None),
        (list, None),
        (dict[str, t.Any], None),
        (TextContent, None),
        (list[TextContent], None),
        (TextContent | str, None),
        (abc.AsyncIterator[int], None),
        (Service, None),
        (str, None),
        (int, {"type": "integer"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (int | None, {"type": ["integer", "null"]}),
    ],
)
def test_what_results_promise(hint: t.Any, schema: dict[str, t.Any] | None) -> None:
    def handler() -> t.Any: ...

    handler.__annotations__["return"] = hint
    assert signature_schema(handler).output_schema == schema


GOOGLE = """Do.

    Args:
        a: the first
        b (int): the second, which
            goes on
        **kw: ignored: yes
    """
NUMPY = """Do.

    Parameters
    ----------
    a : int
        the first
    b : int, optional
        the second, which
        goes on

    Returns
    -------
    int
    """
SPHINX = """Do.

    :param a: the first
    :param int b: the second, which
        goes on
    :returns: nothing
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_docstrings_describe_parameters(text: str) -> None:
    def handler(a: int, b: int) -> None: ...

    handler.__doc__ = text
    signature = signature_schema(handler)
    properties = signature.input_schema["properties"]
    assert signature.description == "Do."
    assert properties["a"]["description"] == "the first"
    assert properties["b"]["description"] == "the second, which goes on"


def test_a_note_in_the_text_is_no_section() -> None:
    def handler(a: int) -> None:
        """Do it.

        Note that Args: is a word here.
        Parameters matter.
        """

    description = signature_schema(handler).description
    assert description is not None
    assert description.endswith("Parameters matter.")
