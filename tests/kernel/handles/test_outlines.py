"""What is read by an outline is what is read without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from zcp_kernel import jsontext
from zcp_kernel._core.configuration.sections import HandlesSection
from zcp_kernel._core.handles.outline import make_outline, unpack
from zcp_kernel._core.handles.outlined import Outlined, located
from zcp_kernel._core.handles.pointer import escape, resolve
from zcp_kernel.errors import InvalidParams, LimitReached, NotFound
from zcp_kernel.handles import Handles, MemoryHandleStore
from zcp_kernel.model import ReadHandleParams
from zcp_kernel.security import local_principal

ME = local_principal()
PAGE = 64

NAMES = st.sampled_from(["", "a", "b", "a/b", "~0", '"', '"a":', "\\", "é", "0", "\n"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | NAMES
    # Text that looks like the members around it.
    | st.builds(lambda name: f'{{"{name}":1,"a":[]}}' * 9, NAMES)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(NAMES, inner, max_size=30),
    max_leaves=80,
)


def pointers(value: Any, base: str = "") -> Iterator[str]:
    yield base
    if isinstance(value, dict):
        for name, member in value.items():
            yield from pointers(member, f"{base}/{escape(name)}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from pointers(item, f"{base}/{number}")


BEYOND = {"/-", "/99", "/no such name"}


def below(value: Any, pointer: str) -> set[str]:
    """Of `BEYOND`, what there is after all."""
    found = resolve(value, pointer)
    return {name for name in BEYOND if isinstance(found, dict) and name[1:] in found}


@given(VALUES)
@example([*[None] * 9, {"": None, "-": None}])
@settings(max_examples=200, deadline=None)
def test_every_pointer_leads_to_the_same(value: Any) -> None:
    text = jsontext.dumps(value)
    outline = make_outline(value, text, PAGE)
    if outline is None:
        return
    for pointer in pointers(value):
        found = located(text, outline, pointer)
        wanted = jsontext.dumps(resolve(value, pointer))
        if isinstance(found, Outlined):
            assert found.text == wanted
            found = found.whole()
        assert jsontext.dumps(found) == wanted
        for beyond in BEYOND - below(value, pointer):
            with pytest.raises(NotFound):
                located(text, outline, pointer + beyond)
    with pytest.raises(InvalidParams):
        located(text, outline, "a")


@pytest.mark.parametrize(
    "value",
    [
        [{"id": n, "text": "x" * 20} for n in range(50)],
        {f"name {n}": n for n in range(50)},
        {"a": {"b": [{"c": "x" * 30} for _ in range(50)]}},
        ["x" * 500, 1, ["y" * 500], 2],
    ],
    ids=["rows", "members", "nested", "long items"],
)
def test_what_is_long_has_an_outline(value: Any) -> None:
    text = jsontext.dumps(value)
    outline = make_outline(value, text, PAGE)
    assert outline is not None
    assert unpack(outline).count == len(value)
    assert len(unpack(outline).runs) > 1 or len(value) == 1


def test_depth_is_bounded() -> None:
    value: Any = ["x" * 100]
    for _ in range(100):
        value = {"a": value}
    outline = make_outline(value, jsontext.dumps(value), PAGE)
    assert outline is not None
    pointer = "/a" * 100 + "/0"
    assert located(jsontext.dumps(value), outline, pointer) == "x" * 100


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([[n] for n in range(99)], str([[n] for n in range(99)]).encode()),
        ([1, *range(99)], jsontext.dumps([2, *range(99)])),
        ([*range(99), 1], jsontext.dumps(list(range(99)))),
        (list(range(99)), jsontext.dumps([*range(99), 1])),
        ([], jsontext.dumps(list(range(99)))),
        ({1: "x" * 99, "1": "y"}, jsontext.dumps({1: "x" * 99, "1": "y"})),
        ("x" * 99, jsontext.dumps("x" * 99)),
        ([2**80, *(1e-7 for _ in range(99))], jsontext.dumps([2**80, *(1e-7 for _ in range(99))])),
    ],
    ids=["spaced", "changed", "longer", "shorter", "emptied", "a name twice", "string", "floats"],
)
def test_a_text_that_is_not_the_value_in_our_words_has_none(value: Any, text: bytes) -> None:
    assert make_outline(value, text, PAGE) is None


@dataclass
class Row:
    number: int
    cells: list[int]


@pytest.mark.anyio
async def test_values_of_other_classes_are_read_as_their_json() -> None:
    value = (Row(1, [1]), *(Row(n, list(range(40))) for n in range(9)), {"rows": {1: "x" * 99}})
    handles = Handles(MemoryHandleStore(), HandlesSection(), page_bytes=PAGE)
    ref = await handles.keep(jsontext.dumps(value), owner="me", value=value)
    stored = await handles.store.get(ref.id)
    assert stored is not None
    assert stored.outline is not None

    async def read(pointer: str, offset: int = 0) -> Any:
        params = ReadHandleParams(ref.id, pointer=pointer, offset=offset)
        return (await handles.read(params, "me", ME)).value

    assert await read("/0") == {"number": 1, "cells": [1]}
    assert await read("/3/cells/39") == 39
    assert await read("/10/rows/1") == "x" * 62
    assert await read("", 1) == [{"$handle": ref.id, "pointer": "/1"}]


@pytest.mark.anyio
async def test_a_part_by_reference_counts_its_own_bytes() -> None:
    handles = Handles(MemoryHandleStore(), HandlesSection(), page_bytes=PAGE)
    rows = [{"id": n} for n in range(100)]
    ref = await handles.keep(jsontext.dumps({"rows": rows, "more": "x" * 999}), owner="me")
    size = len(jsontext.dumps(rows))
    assert await handles.value(ref.id, "/rows", "me", ME, size) == (rows, size)
    with pytest.raises(LimitReached, match=f"{size} bytes"):
        await handles.value(ref.id, "/rows", "me", ME, size - 1)
    assert await handles.count(ref.id, "me", ME) == 2


@pytest.mark.anyio
async def test_projection_reaches_into_items_longer_than_a_page() -> None:
    handles = Handles(MemoryHandleStore(), HandlesSection(), page_bytes=PAGE)
    rows = [{"id": n, "text": "x" * 200} for n in range(4)]
    ref = await handles.keep(jsontext.dumps(rows), owner="me")
    page = await handles.read(ReadHandleParams(ref.id, fields=["id"]), "me", ME)
    assert page.value == [{"id": n} for n in range(4)]
    ref = await handles.keep(jsontext.dumps({"id": 7, "text": "x" * 200}), owner="me")
    page = await handles.read(ReadHandleParams(ref.id, fields=["id"]), "me", ME)
    assert (page.value, page.total) == ({"id": 7}, 1)


def test_dividing_takes_a_bounded_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = 0

    def counting(value: Any) -> bytes:
        nonlocal encoded
        text = original(value)
        encoded += len(text)
        return text

    original = jsontext.redump
    # The long item stands among so many short ones that it is encoded again and again.
    value = [*[1] * 50_000, "x" * 100_000]
    for _ in range(8):
        value = [*[1] * 50_000, value]
    text = jsontext.dumps(value)
    monkeypatch.setattr(jsontext, "redump", counting)
    assert make_outline(value, text, 64 * 1024) is None
    assert encoded < 14 * len(text)
