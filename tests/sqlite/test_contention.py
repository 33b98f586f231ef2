"""Two processes that write to one file at once: nobody is refused, nobody starves."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import sqlite_contention

SECONDS = float(os.environ.get("ZCP_TEST_SECONDS", "4"))
PROCESSES = 2


def test_two_processes_write_without_being_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        sys.executable, str(sqlite_contention.__file__), str(tmp_path / "zcp.db"), str(SECONDS),
    ]  # fmt: skip
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(PROCESSES)]
    try:
        said = [process.communicate(timeout=SECONDS + 60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0] * PROCESSES
    for took in (sorted(map(float, each.split())) for each in said):
        assert len(took) > 100
        median, p99 = statistics.median(took), took[int(len(took) * 0.99)]
        with capsys.disabled():
            print(
                f"\n{len(took)} writes in {SECONDS:g} s beside another process: median "
                f"{median * 1000:.2f} ms, p99 {p99 * 1000:.2f} ms ({p99 / median:.1f} times), "
                f"longest {took[-1] * 1000:.1f} ms"
            )
