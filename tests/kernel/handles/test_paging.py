"""Pages are bounded, and put together they are the value, exactly."""

from __future__ import annotations

import base64
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zcp_kernel import jsontext
from zcp_kernel._core.configuration.sections import HandlesSection
from zcp_kernel._core.handles.service import PAGE_BYTES
from zcp_kernel.errors import InvalidParams
from zcp_kernel.handles import Handles, MemoryHandleStore
from zcp_kernel.model import ReadHandleParams
from zcp_kernel.security import local_principal

ME = local_principal()
PAGE = 256

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.builds(lambda text: text * 40, TEXT)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(TEXT, inner, max_size=12),
    max_leaves=40,
)


async def assemble(handles: Handles, handle: str, pointer: str, limit: int | None) -> Any:
    """The value at `pointer` from its pages, the way a client puts them together."""
    pieces: list[Any] = []
    offset = 0
    while True:
        params = ReadHandleParams(handle, pointer=pointer, offset=offset, limit=limit)
        page = await handles.read(params, "me", ME)
        assert len(jsontext.dumps(page.value)) <= PAGE
        if isinstance(page.value, list):
            pieces.append([await whole(handles, handle, item, limit) for item in page.value])
        elif isinstance(page.value, dict):
            pieces.append(
                {k: await whole(handles, handle, v, limit) for k, v in page.value.items()}
            )
        else:
            pieces.append(page.value)
        if page.next_offset is None:
            return joined(pieces)
        assert page.next_offset > offset
        offset = page.next_offset


async def whole(handles: Handles, handle: str, item: Any, limit: int | None) -> Any:
    """An item of a page; one that was too long for it is read by its pointer."""
    if isinstance(item, dict) and item.keys() == {"$handle", "pointer"}:
        assert item["$handle"] == handle
        return await assemble(handles, handle, item["pointer"], limit)
    return item


def joined(pieces: list[Any]) -> Any:
    if isinstance(pieces[0], list):
        return [item for piece in pieces for item in piece]
    if isinstance(pieces[0], dict):
        return {key: value for piece in pieces for key, value in piece.items()}
    return "".join(pieces) if isinstance(pieces[0], str) else pieces[0]


@given(VALUES, st.none() | st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_pages_put_together_are_the_value(value: Any, limit: int | None) -> None:
    async def check() -> None:
        handles = Handles(MemoryHandleStore(), HandlesSection(), page_bytes=PAGE)
        data = jsontext.dumps(value)
        ref = await handles.keep(data, owner="me")
        assert jsontext.dumps(await assemble(handles, ref.id, "", limit)) == data

    anyio.run(check)


@given(st.binary(max_size=1500), st.none() | st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_pages_of_bytes_put_together_are_the_bytes(data: bytes, limit: int | None) -> None:
    async def check() -> None:
        handles = Handles(MemoryHandleStore(), HandlesSection(), page_bytes=PAGE)
        ref = await handles.keep(data, owner="me", kind="bytes")
        got = b""
        offset: int | None = 0
        while offset is not None:
            page = await handles.read(
                ReadHandleParams(ref.id, offset=offset, limit=limit), "me", ME
            )
            assert len(jsontext.dumps(page.value)) <= PAGE
            got, offset = got + base64.b64decode(page.value), page.next_offset
        assert got == data

    anyio.run(check)


@pytest.mark.anyio
@pytest.mark.parametrize("value", [{"k" * 300: 1}, {"k" * 150: ["x" * 300]}])
async def test_a_name_longer_than_a_page_is_an_error(value: Any) -> None:
    handles = Handles(MemoryHandleStore(), HandlesSection(), page_bytes=PAGE)
    ref = await handles.keep(jsontext.dumps(value), owner="me")
    with pytest.raises(InvalidParams, match="too long for a page"):
        await handles.read(ReadHandleParams(ref.id), "me", ME)


@pytest.mark.anyio
@pytest.mark.parametrize("pointer", ["", "/0/rows"], ids=["the value", "a part of it"])
async def test_a_page_of_a_megabyte_decodes_no_more_than_it_needs(
    monkeypatch: pytest.MonkeyPatch, pointer: str
) -> None:
    decoded: list[int] = []

    def counting(text: bytes) -> Any:
        decoded.append(len(text))
        return original(text)

    original = jsontext.reload
    monkeypatch.setattr(jsontext, "reload", counting)
    handles = Handles(MemoryHandleStore(), HandlesSection())
    rows = [{"id": n, "text": "x" * 80} for n in range(10_000)]
    data = jsontext.dumps([{"rows": rows}] if pointer else rows)
    ref = await handles.keep(data, owner="me")
    assert ref.size > 1_000_000
    got: list[Any] = []
    offset: int | None = 0
    pages = 0
    while offset is not None:
        decoded.clear()
        params = ReadHandleParams(ref.id, pointer=pointer, offset=offset)
        page = await handles.read(params, "me", ME)
        assert sum(decoded) < 2 * PAGE_BYTES
        got, offset, pages = got + page.value, page.next_offset, pages + 1
    assert got == rows
    assert 15 < pages < 40
