"""Pages of results kept in a file: exact, whoever reads them, with an outline or without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from zcp_kernel.config import HandlesSection
from zcp_kernel.handles import Handles
from zcp_kernel.jsontext import dumps
from zcp_kernel.model import ReadHandleParams
from zcp_kernel.security import local_principal
from zcp_store_sqlite import Database, SQLiteHandleStore

pytestmark = pytest.mark.anyio

ME = local_principal()
ROWS = [{"id": n, "text": f"é {n} " * (n % 50)} for n in range(3000)]
VALUES: dict[str, tuple[Any, str]] = {
    "list": (ROWS, ""),
    "object": ({f"name {n}": [n] * (n % 40) for n in range(2000)}, ""),
    "string": ("ab é \n" * 60_000, ""),
    "part": ({"a/b": [1, {"rows": ROWS}]}, "/a~1b/1/rows"),
}


async def pages(handles: Handles, handle: str, pointer: str) -> list[Any]:
    found: list[Any] = []
    offset: int | None = 0
    while offset is not None:
        page = await handles.read(ReadHandleParams(handle, pointer, offset), "me", ME)
        found.append(page.value)
        offset = page.next_offset
    return found


def joined(found: list[Any]) -> Any:
    if isinstance(found[0], dict):
        return {name: value for page in found for name, value in page.items()}
    if isinstance(found[0], list):
        return [item for page in found for item in page]
    return "".join(found)


@pytest.mark.parametrize("outlined", [True, False], ids=["outlined", "of the first schema"])
@pytest.mark.parametrize("name", VALUES)
async def test_another_process_reads_all_of_it(tmp_path: Path, name: str, outlined: bool) -> None:
    value, pointer = VALUES[name]
    one, other = Database(tmp_path / "z.db"), Database(tmp_path / "z.db")
    try:
        ref = await Handles(SQLiteHandleStore(one), HandlesSection()).keep(
            dumps(value), owner="me", value=value
        )
        if not outlined:
            await one.write(lambda at: at.execute("UPDATE handle_data SET outline = NULL"))
        stored = await SQLiteHandleStore(other).get(ref.id)
        assert stored is not None
        assert (stored.outline is not None) is (outlined and name != "string")
        found = await pages(Handles(SQLiteHandleStore(other), HandlesSection()), ref.id, pointer)
        assert len(found) > 2
        assert dumps(joined(found)) == dumps(ROWS if pointer else value)
    finally:
        one.close()
        other.close()
