"""Handlers that cannot be called with what their schema lets through."""

from __future__ import annotations

import collections.abc as abc
import typing as t

import pytest
from zcp_kernel._core.hints import mismatches


def _positional(a: int, /) -> None: ...


def _takes(a: int, b: str = "") -> None: ...
def _takes_more(a: int, **more: t.Any) -> None: ...


@pytest.mark.parametrize(
    ("handler", "schema", "named"),
    [
        (_takes, {"properties": {"a": {}}, "required": ["a"]}, []),
        (_takes, {"properties": {"a": {}, "b": {}}, "required": ["a"]}, []),
        (_takes, {"properties": {"a": {}}}, ["a"]),
        (_takes, {"type": "object"}, ["a"]),
        (_takes, {"properties": {"a": {}, "c": {}}, "required": ["a"]}, ["c"]),
        (_takes, {"properties": {"c": {}}, "required": ["c"]}, ["a", "c"]),
        (_takes_more, {"properties": {"a": {}, "c": {}}, "required": ["a"]}, []),
        (_takes_more, {"properties": {"c": {}}}, ["a"]),
        (_positional, {"properties": {"a": {}}, "required": ["a"]}, ["a"]),
        (
            _takes,
            {"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"a": {}}, "required": ["a"]}}},
            [],
        ),
        (_takes, {"allOf": [{"properties": {"a": {}}}, {"required": ["a"]}]}, []),
        (_takes, {"oneOf": [{"properties": {"a": {}}}]}, []),
        (max, {"properties": {"a": {}}}, []),
    ],
)
def test_mismatches_name_the_member(
    handler: abc.Callable[..., t.Any], schema: dict[str, t.Any], named: list[str]
) -> None:
    found = mismatches(handler, schema)
    assert len(found) == len(named)
    assert all(f"'{name}'" in problem for name, problem in zip(named, found, strict=True))


def test_mismatches_leave_injected_parameters_out() -> None:
    def handler(a: int, ctx: t.Any) -> None: ...

    assert mismatches(handler, {"properties": {"a": {}}, "required": ["a"]}, {"ctx"}) == []
