"""Whether the sources of what is served changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

LEFT_OUT = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist"})
MOST_FILES = 10_000


class Sources:
    """The Python files below the working directory, and below the target's folder.

    `fresh` says whether anything changed since a server was last started from them.
    """

    def __init__(self, target: str) -> None:
        file = target.rpartition(":")[0] or target
        folders = {Path.cwd()}
        if file.endswith(".py"):
            folders.add(Path(file).resolve().parent)
        self._folders = [one for one in folders if not set(one.parents) & folders]
        self._times = self._look()
        self.fresh = True

    def changed(self) -> bool:
        """Whether a file came, went or was written since the last time this was asked."""
        times = self._look()
        changed = times != self._times
        self._times = times
        self.fresh = self.fresh or changed
        return changed

    def _look(self) -> dict[str, int]:
        times: dict[str, int] = {}
        for path in self._files():
            try:
                times[path] = os.stat(path).st_mtime_ns
            except FileNotFoundError:
                continue
            if len(times) >= MOST_FILES:
                break
        return times

    def _files(self) -> Iterator[str]:
        for folder in self._folders:
            for root, folders, files in os.walk(folder):
                folders[:] = [
                    one for one in folders if one not in LEFT_OUT and not one.startswith(".")
                ]
                yield from (os.path.join(root, one) for one in files if one.endswith(".py"))
