"""What handles cost: kept encoded, within their budgets, nobody else's touched."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from zcp_kernel.config import HandlesSection
from zcp_kernel.errors import Expired
from zcp_kernel.handles import Handles, MemoryHandleStore
from zcp_kernel.model import ReadHandleParams
from zcp_kernel.security import local_principal

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024
ME = local_principal()


def service(per_owner: int, total: int) -> tuple[Handles, MemoryHandleStore]:
    store = MemoryHandleStore(max_bytes_per_owner=per_owner, max_bytes_total=total)
    return Handles(store, HandlesSection()), store


async def test_an_owner_that_fills_the_store_loses_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handles, store = service(10_000, 10_000)
    other = await handles.keep(b'"mine"', owner="other")
    kept = []
    with caplog.at_level(logging.WARNING, "zcp.handles"):
        for _ in range(50):
            ref = await handles.keep(b'"' + b"x" * 998 + b'"', owner="busy")
            kept.append(ref.id)
    assert store.bytes_held <= 10_000
    assert (await handles.get(other.id, "other", ME)).size == 6
    with pytest.raises(Expired, match=f"expired:{kept[0]}"):
        await handles.get(kept[0], "busy", ME)
    assert "1 handles were given up for a new one of 1000 bytes" in caplog.text


async def test_what_is_decoded_is_not_kept_beside_the_budget() -> None:
    handles, _ = service(64 * MIB, 64 * MIB)
    data = b"[" + b",".join(b'{"n":%d}' % n for n in range(100_000)) + b"]"
    for _ in range(5):
        ref = await handles.keep(data, owner="me")
        await handles.read(ReadHandleParams(ref.id, limit=1), "me", ME)
    assert handles.decoded_bytes <= 2 * MIB


SCRIPT = """
import gc, resource, sys
import anyio
from zcp_kernel.config import HandlesSection
from zcp_kernel.handles import Handles, MemoryHandleStore
from zcp_kernel.jsontext import dumps
from zcp_kernel.model import ReadHandleParams
from zcp_kernel.security import local_principal

MIB = 1024 * 1024


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


async def main():
    store = MemoryHandleStore(max_bytes_per_owner=64 * MIB, max_bytes_total=64 * MIB)
    handles = Handles(store, HandlesSection())
    row = {"id": 1, "name": "a row of some length", "price": 1.5}
    rows = [row] * (MIB // len(dumps(row)))
    text = dumps(rows)
    await handles.keep(text, owner="warm")
    before = resident()
    for number in range(1000):
        ref = await handles.keep(bytes(bytearray(text)), owner="me", value=rows)
        if number % 10 == 0:
            page = await handles.read(ReadHandleParams(ref.id), "me", local_principal())
            assert page.total
    gc.collect()
    print(resident() - before, store.bytes_held)


anyio.run(main)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_thousand_large_results_stay_within_the_budget() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    grown, held = map(int, done.stdout.split())
    assert held <= 64 * MIB
    # The budget, and what decodes and page buffers leave behind in the allocator.
    assert grown <= 64 * MIB * 1.5
