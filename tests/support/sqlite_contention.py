"""A process that writes for a while, several writes at once; prints how long each took."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import anyio
from zcp_store_sqlite import Database, SQLiteBus, SQLiteEventLog

AT_ONCE = 4


async def main(path: Path, seconds: float) -> None:
    database = Database(path)
    log, bus = SQLiteEventLog(database), SQLiteBus(database)
    took: list[float] = []
    end = time.monotonic() + seconds

    async def write(name: str) -> None:
        number = 0
        while time.monotonic() < end:
            number += 1
            begun = time.monotonic()
            await log.append(name, number % 50, b"x" * 500)
            await bus.publish("t", number)
            took.append((time.monotonic() - begun) / 2)

    try:
        async with anyio.create_task_group() as group:
            for _ in range(AT_ONCE):
                group.start_soon(write, os.urandom(4).hex())
    finally:
        database.close()
    print(*took, sep="\n")


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), float(sys.argv[2]))
