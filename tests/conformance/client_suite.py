"""The official suite's client scenarios: listed, run against the client fixture, and read."""

import re
import subprocess
import sys
from json import loads
from pathlib import Path

from .suite import NODE, ROOT, RUN_SECONDS, Check

LEGS = {"2025-11-25": 5, "2026-07-28": 8}
"""Revision -> how many client scenarios the pinned suite has for it, scored or not, but for those
of authorization."""

AUTHORIZATION = "auth/"
FIXTURE = f"{__package__}.everything_client"
_LISTED = re.compile(r"^\s+- (?P<scenario>\S+)(?P<leg> \[client\])?$", re.MULTILINE)


def conformance(entry: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NODE), str(entry), *arguments],
        cwd=ROOT, timeout=RUN_SECONDS, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def fixture(backend: str = "asyncio") -> str:
    """The command of the client fixture; the suite adds the URL of its server."""
    return f"{sys.executable} -m {FIXTURE} --backend {backend}"


def scenarios(entry: Path, leg: str) -> set[str]:
    """The client scenarios the suite has for a revision, scored or not, by its own list; those of
    authorization left out."""
    told = conformance(entry, "list", "--requirements", leg).stdout
    _, _, clients = told.partition("Client scenarios")
    scored, _, unscored = clients.partition("never scored:")
    found = {each["scenario"] for each in _LISTED.finditer(scored)}
    found |= {each["scenario"] for each in _LISTED.finditer(unscored) if each["leg"]}
    return {each for each in found if not each.startswith(AUTHORIZATION)}


def run_scenario(
    entry: Path, leg: str, scenario: str, command: str, results: Path
) -> tuple[int, list[Check]]:
    """One scenario for the client `command` starts: the suite's exit code, and every check.

    Raises `RuntimeError` when the suite gave no results.
    """
    said = conformance(
        entry, "client", "--command", command, "--scenario", scenario, "--spec-version", leg,
        # Those of extensions belong to no revision.
        "--force", "-o", str(results),
    )  # fmt: skip
    checks = [
        Check(scenario, each["id"], each["status"], each.get("errorMessage") or "")
        for file in sorted(results.glob(f"{scenario}-*/checks.json"))
        for each in loads(file.read_text(encoding="utf-8"))
    ]
    if not checks:
        raise RuntimeError(f"the suite gave no results:\n{said.stdout[-2000:]}{said.stderr}")
    return said.returncode, checks
