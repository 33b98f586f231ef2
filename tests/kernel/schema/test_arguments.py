"""Arguments become what the hints say."""

from __future__ import annotations

import collections.abc as abc
import json
import typing as t
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from zcp_kernel._core.hints import signature_schema
from zcp_kernel.validation import CanonicalValidator, ValidationFailure

from .shapes import Color, Level, Model, Options, Pair, Point, Shape, Tree, UserId

ARGUMENTS: list[tuple[t.Any, t.Any, t.Any]] = [
    (Color, "red", Color.RED),
    (Level, 2, Level.HIGH),
    (Shape, "LINE", Shape.LINE),
    (Point, {"x": 1}, Point(1)),
    (list[Point], [{"x": 1, "y": 2}], [Point(1, 2.0)]),
    (dict[str, Point], {"a": {"x": 1}}, {"a": Point(1)}),
    (Tree, {"name": "a", "kids": [{"name": "b"}]}, Tree("a", [Tree("b")])),
    (Pair, {"left": {"x": 1}}, Pair(Point(1), 3)),
    (set[int], [1, 2], {1, 2}),
    (frozenset[str], ["a"], frozenset({"a"})),
    (tuple[int, Point], [1, {"x": 2}], (1, Point(2))),
    (bytes, "aGk=", b"hi"),
    (datetime, "2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (date, "2026-01-02", date(2026, 1, 2)),
    (time, "03:04", time(3, 4)),
    (UUID, "12345678123456781234567812345678", UUID("12345678123456781234567812345678")),
    (Path, "/tmp/x", Path("/tmp/x")),
    (Decimal, "0.10", Decimal("0.10")),
    (Decimal, 3, Decimal(3)),
    (t.Optional[Point], None, None),  # noqa: UP045
    (Point | None, {"x": 1}, Point(1)),
    (Point | Tree, {"name": "a"}, Tree("a")),
    (Point | Tree | str, "a", "a"),
    (datetime | int, 5, 5),
    (list[Point] | Point, [{"x": 1}], [Point(1)]),
    (t.Literal[Color.RED, "x"], "red", Color.RED),
    (t.Annotated[Point, "where"], {"x": 1}, Point(1)),
    (Model, {"size": 1, "inner": {"size": 2}}, Model(size=1, inner=Model(size=2))),
    (list[Model], [{"size": 1}], [Model(size=1)]),
]


@pytest.mark.parametrize(("hint", "given", "wanted"), ARGUMENTS)
def test_arguments_become_what_the_hints_say(hint: t.Any, given: t.Any, wanted: t.Any) -> None:
    def handler(value: t.Any, plain: int = 0) -> None: ...

    handler.__annotations__["value"] = hint
    signature = signature_schema(handler)
    arguments = {"value": given, "plain": 5}
    before = json.dumps(arguments)
    assert CanonicalValidator(signature.input_schema, coerce=False).check(arguments) == []
    assert signature.structure is not None
    found = signature.structure(arguments)
    assert found == {"value": wanted, "plain": 5}
    assert type(found["value"]) is type(wanted)
    assert json.dumps(arguments) == before


@pytest.mark.parametrize(
    "hint",
    [
        str,
        list[dict[str, int | None]],
        t.Literal["a"],
        Options,
        t.Any,
        abc.Mapping[str, abc.Sequence[float]],
        UserId,
    ],
)
def test_plain_json_needs_no_conversion(hint: t.Any) -> None:
    def handler(value: t.Any) -> None: ...

    handler.__annotations__["value"] = hint
    assert signature_schema(handler).structure is None


@pytest.mark.parametrize(
    ("hint", "given", "path"),
    [
        (datetime, "yesterday", "value"),
        (list[date], ["2026-01-01", "x"], "value[1]"),
        (dict[str, UUID], {"a": "x"}, "value.a"),
        (Model, {"size": 0}, "value.size"),
        (Model, {"size": 1, "inner": {"size": 0}}, "value.inner.size"),
        (bytes, "???", "value"),
        (Decimal, "many", "value"),
    ],
)
def test_what_cannot_be_converted_is_a_fault_at_its_place(
    hint: t.Any, given: t.Any, path: str
) -> None:
    def handler(value: t.Any) -> None: ...

    handler.__annotations__["value"] = hint
    structure = signature_schema(handler).structure
    assert structure is not None
    with pytest.raises(ValidationFailure) as failure:
        structure({"value": given})
    assert [fault.path for fault in failure.value.faults] == [path]
