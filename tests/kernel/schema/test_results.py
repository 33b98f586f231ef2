"""What a handler gives fits the output schema its return hint promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import attrs
import pytest
from zcp_kernel._core.hints import signature_schema
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.validation import CanonicalValidator

from .shapes import Color, Level, Model, Options, Pair, Point, Tree


@attrs.define
class Snake:
    user_name: str
    no_note: str | None = None


class Triple(NamedTuple):
    first_part: int
    rest: tuple[int, str]


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Point, Point(1)),
        (list[Point], [Point(1), Point(2, tags=["a"])]),
        (dict[str, Point], {"a": Point(1)}),
        (Point | None, None),
        (Tree, Tree("a", [Tree("b")])),
        (Snake, Snake("a")),
        (list[Snake], [Snake("a", "b")]),
        (Pair, Pair(Point(1))),
        (Triple, Triple(1, (2, "x"))),
        (Options, {"depth": 1}),
        (Model, Model(size=1, inner=Model(size=2))),
        (Color, Color.RED),
        (dict[str, Level], {"a": Level.HIGH}),
        (set[int], {1, 2}),
        (tuple[int, str], (1, "a")),
        (Decimal, Decimal("1.50")),
        (date, date(2026, 1, 2)),
        (UUID, UUID(int=5)),
        (Path, Path("a/b")),
        (int, 10**30),
        (float, 1.5),
        (bool, True),
    ],
)
def test_results_fit_what_their_hints_promise(hint: Any, value: Any) -> None:
    def handler() -> Any: ...

    handler.__annotations__["return"] = hint
    schema = promised(handler)
    encoded = loads(dumps(value))
    assert CanonicalValidator(schema, coerce=False).check(encoded) == []


def promised(handler: Callable[[], Any]) -> dict[str, Any]:
    schema = signature_schema(handler).output_schema
    assert schema is not None
    return schema
