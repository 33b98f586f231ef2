"""Builds one distribution and tests its wheel: `python .ci/release.py FOLDER NAME`.

The wheel is tested in an environment made for it, beside what it depends on as this tree has it.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
FACE = "zero-context-protocol-sdk"
TESTING = (
    "anthropic>=0.60",
    "bpe-openai>=0.1.4",
    "click>=8.1",
    "cryptography>=44",
    "granian>=2",
    "hypothesis>=6.100",
    "jsonschema-rs>=0.57",
    "openai>=1.66",
    "opentelemetry-sdk>=1.25",
    "pydantic>=2",
    "pytest>=8",
    "pytest-timeout>=2.3",
    "starlette>=0.40",
    "trio>=0.31",
    "uvicorn>=0.30",
    "uvloop>=0.19",
    "websockets>=14",
)

TESTED_BY: dict[str, tuple[str, ...]] = {
    "zcp-kernel": ("tests/kernel", "tests/contract", "tests/mount"),
    "zcp-profiles": ("tests/profiles", "tests/native", "tests/adapters"),
    "zcp-transport-http": ("tests/http",),
    "zcp-transport-stdio": ("tests/stdio",),
    "zcp-transport-ws": ("tests/ws",),
    "zcp-auth-oauth": ("tests/oauth",),
    "zcp-store-sqlite": ("tests/sqlite",),
    FACE: ("tests/cli", "tests/examples"),
}

PLANES = ("zcp-kernel", "zcp-profiles")

NEEDS: dict[str, tuple[str, ...]] = {
    "zcp-kernel": (),
    "zcp-profiles": ("zcp-kernel",),
    "zcp-transport-http": PLANES,
    "zcp-transport-stdio": ("zcp-kernel",),
    "zcp-transport-ws": (*PLANES, "zcp-transport-http"),
    "zcp-auth-oauth": (*PLANES, "zcp-transport-stdio", "zcp-transport-http", FACE),
    "zcp-store-sqlite": PLANES,
    FACE: (
        *PLANES, "zcp-transport-http", "zcp-transport-stdio", "zcp-transport-ws", "zcp-auth-oauth",
        "zcp-store-sqlite",
    ),
}  # fmt: skip
"""What of this tree each distribution is tested with."""


def main(folder: Path, name: str) -> None:
    """Build sdist and wheel of `name` into `dist/`, install the wheel, run its tests."""
    run(sys.executable, "-m", "build", "--outdir", str(ROOT / "dist"), str(source(name)))
    wheel = newest_wheel(name)
    home = folder / name
    venv.create(home, clear=True, with_pip=True)
    python = str(home / "bin" / "python")
    beside = [str(source(needed)) for needed in NEEDS[name]]
    run(python, "-m", "pip", "install", "-q", *TESTING, str(wheel), *beside)
    run(python, "-m", "pytest", "-q", "--timeout", "300", *TESTED_BY[name])


def source(name: str) -> Path:
    return ROOT if name == FACE else ROOT / name


def newest_wheel(name: str) -> Path:
    """The wheel just built."""
    wheels = (ROOT / "dist").glob(f"{name.replace('-', '_')}-*.whl")
    return max(wheels, key=lambda wheel: wheel.stat().st_mtime)


def run(*command: str) -> None:
    failed = subprocess.run(command, check=False, cwd=ROOT).returncode
    if failed:
        sys.exit(failed)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in TESTED_BY:
        sys.exit(f"usage: tox run -e release -- NAME, one of: {', '.join(TESTED_BY)}")
    main(Path(sys.argv[1]), sys.argv[2])
