"""What a page of a kept result of 1 MB takes, in memory and in a SQLite file, as JSON.

`python -m bench.workers.handles FOLDER`: milliseconds, of handles nobody has read before.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from zcp_kernel.config import HandlesSection
from zcp_kernel.handles import Handles, HandleStore, MemoryHandleStore
from zcp_kernel.jsontext import dumps
from zcp_kernel.model import ReadHandleParams
from zcp_kernel.security import local_principal
from zcp_store_sqlite import Database, SQLiteHandleStore

FRESH = 40
MIB = 1024 * 1024
BUDGET = 64 * MIB
ROWS = [
    {"id": n, "name": f"the row number {n}", "price": n * 1.5, "tag": None} for n in range(15_700)
]
SHAPES: Mapping[str, tuple[Any, str]] = {
    "list of rows": (ROWS, ""),
    "list of numbers": (list(range(168_000)), ""),
    "one string": ("abc déf\n" * 107_000, ""),
    "object of many members": ({f"key {n}": n * 1.5 for n in range(54_000)}, ""),
    "pointer to a nested list": ({"sheet": {"name": "one", "rows": ROWS}}, "/sheet/rows"),
    "pointer to one member": ({f"key {n}": n * 1.5 for n in range(54_000)}, "/key 53000"),
}


async def measured(store: HandleStore, value: Any, pointer: str) -> dict[str, float]:
    handles, me = Handles(store, HandlesSection()), local_principal()
    text = dumps(value)
    assert MIB <= len(text) < 1.1 * MIB, len(text)
    first: list[float] = []
    later: list[float] = []
    for _ in range(FRESH):
        ref = await handles.keep(text, owner="me", value=value)
        begin = time.perf_counter()
        page = await handles.read(ReadHandleParams(ref.id, pointer), "me", me)
        first.append((time.perf_counter() - begin) * 1e3)
        middle = (page.total or 0) // 2
        begin = time.perf_counter()
        await handles.read(ReadHandleParams(ref.id, pointer, offset=middle), "me", me)
        later.append((time.perf_counter() - begin) * 1e3)
    return {"first, least": min(first), "first, median": median(first), "later": median(later)}


async def main(folder: Path) -> None:
    logging.disable(logging.WARNING)
    database = Database(folder / "handles.db")
    stores: dict[str, HandleStore] = {
        "memory": MemoryHandleStore(BUDGET, BUDGET),
        "SQLite": SQLiteHandleStore(database, BUDGET, BUDGET),
    }
    found = {
        f"{shape}, {name}": await measured(store, *given)
        for name, store in stores.items()
        for shape, given in SHAPES.items()
    }
    database.close()
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
