"""The official suite's `authorization` command: run against a server, the browser scripted."""

import re
import subprocess
import threading
from json import loads
from pathlib import Path
from urllib.request import urlopen

from tests.support.web_steps import User

from .suite import NODE, RUN_SECONDS, Check

SCENARIOS = {"authorization-server-metadata-endpoint", "authorization-code-grant"}
CLIENT = "suite"
_ASKS = re.compile(r"^(https?://\S+/authorize\?\S+)$")


def scenarios(entry: Path) -> set[str]:
    """The authorization server scenarios the suite has, by its own list."""
    told = subprocess.run(
        [str(NODE), str(entry), "list", "--authorization"],
        timeout=RUN_SECONDS, capture_output=True, encoding="utf-8", check=False,
    ).stdout  # fmt: skip
    return set(re.findall(r"^\s+- (\S+)", told, re.MULTILINE))


def run(
    entry: Path, url: str, port: int, leg: str, user: User, results: Path
) -> tuple[int, list[Check]]:
    """Every scenario against the issuer at `url`, whose client `suite` may be answered at
    `http://127.0.0.1:<port>/callback`: the suite's exit code, and its checks."""
    options = {
        "--url": url, "--client-id": CLIENT, "--resource": f"{url}/mcp", "--port": str(port),
        "--spec-version": leg, "-o": str(results),
    }  # fmt: skip
    told = [part for pair in options.items() for part in pair]
    with subprocess.Popen(
        [str(NODE), str(entry), "authorization", *told],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    ) as process:  # fmt: skip
        giving_up = threading.Timer(RUN_SECONDS, process.kill)
        giving_up.start()
        try:
            said = _attend(process, user)
            code = process.wait(RUN_SECONDS)
        finally:
            giving_up.cancel()
            process.kill()
    checks = [
        Check(file.parent.name, each["id"], each["status"], each.get("errorMessage") or "")
        for file in sorted(results.glob("**/checks.json"))
        for each in loads(file.read_text(encoding="utf-8"))
    ]
    if not checks:
        raise RuntimeError(f"the suite gave no results:\n{said}")
    return code, checks


def _attend(process: subprocess.Popen[str], user: User) -> str:
    """Do in a browser what the suite asks for on its output, until it has no more to say."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        asked = _ASKS.match(line.strip())
        if asked is not None:
            with urlopen(user.follow(asked[1]), timeout=RUN_SECONDS):
                pass
    return said
