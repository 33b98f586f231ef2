"""Keeping results and reading them piece by piece."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from zcp_kernel._core.configuration.sections import HandlesSection
from zcp_kernel.errors import Expired, Forbidden, InvalidParams, NotFound, ParseError
from zcp_kernel.handles import Handles, MemoryHandleStore
from zcp_kernel.model import ReadHandleParams
from zcp_kernel.security import Principal, local_principal
from zcp_kernel.testing.clock import FakeClock

pytestmark = pytest.mark.anyio

ME = local_principal()
ROWS = [{"id": n, "name": f"row {n}", "tags": ["even" if n % 2 == 0 else "odd"]} for n in range(40)]


def encode(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def handles(clock: FakeClock) -> Handles:
    return Handles(MemoryHandleStore(), HandlesSection(ttl_ms=10_000), clock=clock, page_bytes=1024)


async def read(handles: Handles, handle: str, **params: Any) -> Any:
    return await handles.read(ReadHandleParams(handle=handle, **params), "me", ME)


@pytest.mark.parametrize(
    ("value", "kind", "summary", "count"),
    [
        ([{"a": 1, "b": 2}] * 1000, "list", "list of 1000 objects with keys a, b", 1000),
        ([], "list", "empty list", 0),
        ([1, 2.5], "list", "list of 2 numbers", 2),
        ([[1]], "list", "list of 1 list", 1),
        ([1, "x"], "list", "list of 2 items of several types", 2),
        ({"x": 1}, "object", "object with 1 member: x", None),
        ({}, "object", "object with 0 members", None),
        (
            {f"k{n}": n for n in range(20)},
            "object",
            "object with 20 members: k0, k1, k2, k3, k4, k5, k6, k7, …",
            None,
        ),
        ("x" * 50, "string", "string of 50 characters", None),
        (7, "number", "number", None),
        (True, "boolean", "boolean", None),
        (None, "null", "null", None),
    ],
)
async def test_a_reference_says_what_the_value_is(
    handles: Handles, value: Any, kind: str, summary: str, count: int | None
) -> None:
    data = encode(value)
    ref = await handles.keep(data, owner="me")
    assert (ref.kind, ref.summary, ref.count) == (kind, summary, count)
    assert (ref.size, ref.ttl_ms) == (len(data), 10_000)
    assert len(base64.urlsafe_b64decode(ref.id + "==")) == 16


async def test_long_keys_do_not_make_long_summaries(handles: Handles) -> None:
    ref = await handles.keep(encode({"k" * 10_000: 1}), owner="me")
    assert len(ref.summary) < 100


async def test_kind_and_summary_can_be_given(handles: Handles) -> None:
    ref = await handles.keep(b"[]", owner="me", kind="rows", summary="no rows")
    assert (ref.kind, ref.summary) == ("rows", "no rows")
    assert (await read(handles, ref.id)).value == []


async def test_what_is_no_json_or_too_large_is_refused(clock: FakeClock) -> None:
    store = MemoryHandleStore(max_bytes_per_owner=100, max_bytes_total=100)
    handles = Handles(store, HandlesSection(), clock=clock)
    with pytest.raises(ParseError):
        await handles.keep(b"[1,", owner="me")
    with pytest.raises(ValueError, match="budget"):
        await handles.keep(encode("x" * 200), owner="me")
    assert store.handles_held == 0


async def test_somebody_elses_handle_does_not_exist(handles: Handles) -> None:
    ref = await handles.keep(encode(ROWS), owner="me")
    for stranger in ("you", ""):
        for call in (handles.get, handles.count, handles.release):
            with pytest.raises(NotFound):
                await call(ref.id, stranger, ME)
        with pytest.raises(NotFound):
            await handles.read(ReadHandleParams(ref.id), stranger, ME)
        assert await handles.list(stranger) == ([], None)
    assert (await handles.get(ref.id, "me", ME)).id == ref.id


async def test_nobodys_handles_are_reached_by_id_and_never_listed(handles: Handles) -> None:
    ref = await handles.keep(b"[1]", owner="")
    assert (await handles.read(ReadHandleParams(ref.id), "", ME)).value == [1]
    assert await handles.list("") == ([], None)
    with pytest.raises(NotFound):
        await handles.get(ref.id, "me", ME)


async def test_a_reader_needs_the_scopes_of_the_tool_that_made_it(handles: Handles) -> None:
    ref = await handles.keep(encode(ROWS), owner="me", scopes=("rows.read", "rows.all"))
    reader = Principal("me", frozenset({"rows.all"}), "token")
    for call in (handles.get, handles.count, handles.release):
        with pytest.raises(Forbidden, match=r"rows\.read"):
            await call(ref.id, "me", reader)
    with pytest.raises(Forbidden, match=r"rows\.read"):
        await handles.read(ReadHandleParams(ref.id), "me", reader)
    reader = Principal("me", frozenset({"rows.all", "rows.read"}), "token")
    assert await handles.count(ref.id, "me", reader) == 40


async def test_a_handle_expires(handles: Handles, clock: FakeClock) -> None:
    first = await handles.keep(encode(ROWS), owner="me")
    clock.advance(4)
    second = await handles.keep(encode(ROWS), owner="me")
    assert (await handles.get(first.id, "me", ME)).ttl_ms == 6000
    clock.advance(6)
    with pytest.raises(Expired, match=f"expired:{first.id}"):
        await read(handles, first.id)
    with pytest.raises(NotFound):
        await handles.get(first.id, "you", ME)
    assert [ref.id for ref in (await handles.list("me"))[0]] == [second.id]
    clock.advance(4)
    assert await handles.list("me") == ([], None)
    assert isinstance(handles.store, MemoryHandleStore)
    assert handles.store.handles_held == 0
    assert len(handles._decoded) == 0


async def test_an_evicted_handle_is_expired_and_a_released_one_never_was(
    clock: FakeClock,
) -> None:
    store = MemoryHandleStore(max_bytes_per_owner=100, max_bytes_total=1000)
    handles = Handles(store, HandlesSection(), clock=clock)
    evicted = await handles.keep(encode("a" * 70), owner="me")
    released = await handles.keep(encode("b" * 70), owner="me")
    with pytest.raises(Expired):
        await read(handles, evicted.id)
    await handles.release(released.id, "me", ME)
    with pytest.raises(NotFound):
        await read(handles, released.id)


async def test_lists_in_pages(handles: Handles) -> None:
    ids = [(await handles.keep(b"[]", owner="me")).id for _ in range(5)]
    first, cursor = await handles.list("me", None, 3)
    second, end = await handles.list("me", cursor, 3)
    assert [ref.id for ref in [*first, *second]] == ids
    assert end is None
    with pytest.raises(InvalidParams):
        await handles.list("me", "made up", 3)


async def test_slices_of_a_list(handles: Handles) -> None:
    ref = await handles.keep(encode(ROWS), owner="me")
    page = await read(handles, ref.id, offset=5, limit=3)
    assert (page.value, page.total, page.next_offset) == (ROWS[5:8], 40, 8)
    page = await read(handles, ref.id, offset=39, limit=10)
    assert (page.value, page.next_offset) == (ROWS[39:], None)
    page = await read(handles, ref.id, offset=99)
    assert (page.value, page.total, page.next_offset) == ([], 40, None)


async def test_pointers(handles: Handles) -> None:
    value = {"a/b": {"m~n": [10, {"": "empty"}]}, "rows": ROWS, "0": "zero"}
    ref = await handles.keep(encode(value), owner="me")
    for pointer, expected in (
        ("/a~1b/m~0n/0", 10),
        ("/a~1b/m~0n/1/", "empty"),
        ("/rows/3/name", "row 3"),
        ("/0", "zero"),
    ):
        assert (await read(handles, ref.id, pointer=pointer)).value == expected
    assert (await read(handles, ref.id, pointer="/rows", limit=2)).value == ROWS[:2]
    for pointer in ("/none", "/rows/40", "/rows/-1", "/rows/01", "/rows/-", "/0/x", "/rows/٣"):
        with pytest.raises(NotFound):
            await read(handles, ref.id, pointer=pointer)
    for pointer in ("rows", "/a~2b", "/a~"):
        with pytest.raises(InvalidParams, match="6901"):
            await read(handles, ref.id, pointer=pointer)


async def test_fields_of_items_and_of_an_object(handles: Handles) -> None:
    ref = await handles.keep(encode([*ROWS[:2], 5]), owner="me")
    page = await read(handles, ref.id, fields=["id", "none"])
    assert page.value == [{"id": 0}, {"id": 1}, 5]
    page = await read(handles, ref.id, pointer="/1", fields=["name", "id"])
    assert (page.value, page.total) == ({"id": 1, "name": "row 1"}, 2)


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("n", "eq", 1, [1, 4]),
        ("n", "ne", 1, [0, 2, 3, 5]),
        ("n", "lt", 2, [1, 4]),
        ("n", "le", 2, [0, 1, 4]),
        ("n", "gt", 1, [0]),
        ("n", "ge", 1, [0, 1, 4]),
        ("n", "eq", True, [2]),
        ("n", "eq", None, [5]),
        ("s", "ge", "b", [1]),
        ("s", "contains", "an", [1]),
        ("s", "contains", 5, []),
        ("l", "contains", {"x": [1]}, [2]),
        ("l", "contains", True, [3]),
        ("o", "contains", "k", [4]),
        ("o", "eq", {"k": 1.0}, [4]),
        (None, "contains", "l", [2, 3]),
    ],
)
async def test_where(
    handles: Handles, field: str | None, op: str, value: Any, expected: list[int]
) -> None:
    items = [
        {"n": 2, "s": "aa"},
        {"n": 1, "s": "banana"},
        {"n": True, "l": [{"x": [1]}]},
        {"n": "1", "l": [1, True]},
        {"n": 1.0, "o": {"k": 1}},
        "no object",
    ]
    ref = await handles.keep(encode(items), owner="me")
    condition = (
        {"op": op, "value": value} if field is None else {"field": field, "op": op, "value": value}
    )
    page = await read(handles, ref.id, where=[condition])
    found = [items.index(item) for item in page.value if item in items]
    exact = [n for n in expected if json.dumps(items[n]) in map(json.dumps, page.value)]
    assert exact == expected
    assert len(found) == len(expected) == page.total


async def test_where_counts_offsets_among_what_it_selects(handles: Handles) -> None:
    ref = await handles.keep(encode(ROWS), owner="me")
    where = [
        {"field": "tags", "op": "contains", "value": "odd"},
        {"field": "id", "op": "gt", "value": 10},
    ]
    page = await read(handles, ref.id, where=where, offset=2, limit=3, fields=["id"])
    assert page.value == [{"id": 15}, {"id": 17}, {"id": 19}]
    assert (page.total, page.next_offset) == (15, 5)


@pytest.mark.parametrize(
    ("params", "paths"),
    [
        ({"offset": -1, "limit": 0}, ["offset", "limit"]),
        (
            {"where": [{"op": "like", "value": 1}, {"field": "x"}, 5, {"field": 3, "value": 1}]},
            ["where[0].op", "where[1]", "where[2]", "where[3].field"],
        ),
        ({"where": [{"value": 1}] * 17}, ["where"]),
        ({"pointer": "/0", "where": [{"value": 1}]}, ["where"]),
        ({"pointer": "/0/name", "fields": ["x"]}, ["fields"]),
    ],
)
async def test_parameters_that_do_not_fit_are_all_listed(
    handles: Handles, params: dict[str, Any], paths: list[str]
) -> None:
    ref = await handles.keep(encode(ROWS), owner="me")
    with pytest.raises(InvalidParams) as refused:
        await read(handles, ref.id, **params)
    assert [fault.path for fault in refused.value.faults] == paths


async def test_bytes_and_text(handles: Handles) -> None:
    data = bytes(range(256)) * 10
    ref = await handles.keep(data, owner="me", kind="bytes")
    assert (ref.summary, await handles.count(ref.id, "me", ME)) == ("2560 bytes", 2560)
    page = await read(handles, ref.id, offset=250, limit=10)
    assert base64.b64decode(page.value) == data[250:260]
    assert (page.total, page.next_offset) == (2560, 260)
    ref = await handles.keep(encode("héllo wörld"), owner="me")
    page = await read(handles, ref.id, offset=1, limit=4)
    assert (page.value, page.total, page.next_offset) == ("éllo", 11, 5)


@pytest.mark.parametrize(("value", "count"), [(ROWS, 40), ({"a": 1}, 1), ("abc", 3), (5, 1)])
async def test_count(handles: Handles, value: Any, count: int) -> None:
    ref = await handles.keep(encode(value), owner="me")
    assert await handles.count(ref.id, "me", ME) == count


async def test_decoded_values_stay_within_their_bound(clock: FakeClock) -> None:
    handles = Handles(MemoryHandleStore(), HandlesSection(), clock=clock, decoded_bytes=1000)
    refs = [await handles.keep(encode("x" * 300), owner="me") for _ in range(20)]
    large = await handles.keep(encode("x" * 3000), owner="me")
    for ref in [*refs, large, *refs]:
        assert len((await read(handles, ref.id)).value) == ref.size - 2
        assert len(handles._decoded) <= 3
        assert handles._decoded._bytes <= 1000
