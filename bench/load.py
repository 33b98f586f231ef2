"""Load over HTTP: `wrk` where there is one, else a generator of our own in its own process."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from .environments import ROOT
from .site import Message, Site

CONNECTIONS = 32

# Requests in one session need ids of their own; they keep their length.
_SCRIPT = """
local heads, tails, count, last, id = {}, {}, 0, 0, 100000000
local function add(path, body, headers)
  headers["Host"] = wrk.host .. ":" .. wrk.port
  count = count + 1
  local whole = wrk.format("POST", path, headers, body)
  local from, to = whole:find("100000000", 1, true)
  heads[count], tails[count] = whole:sub(1, from - 1), whole:sub(to + 1)
end
init = function()
%s
end
request = function()
  last, id = last %% count + 1, id + 1
  return heads[last] .. id .. tails[last]
end
"""


@cache
def wrk() -> str | None:
    """The path of `wrk`, installed as the Debian package where that is possible."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update"], **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "-y", "wrk"], **quiet)  # type: ignore[call-overload]
    return shutil.which("wrk")


def rate(site: Site, messages: Sequence[Message], seconds: float) -> float:
    """Answers per second on `CONNECTIONS` connections, which send these messages in turn.

    Raises:
        RuntimeError: an answer was refused or lost.
    """
    tool = wrk()
    return (
        _by_own(site, messages, seconds) if tool is None else _by_wrk(tool, site, messages, seconds)
    )


def _by_wrk(tool: str, site: Site, messages: Sequence[Message], seconds: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        added = [f"  add({_lua(m.path)}, {_lua(m.body.decode())}, {_table(m)})" for m in messages]
        script.write_text(_SCRIPT % "\n".join(added), encoding="utf-8")
        command = [tool, "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-s", str(script)]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{site.port}"],
            capture_output=True, encoding="utf-8", timeout=seconds + 60, check=True,
        )  # fmt: skip
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"{site.module} under {site.under}:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


def _lua(text: str) -> str:
    """A Lua string; what JSON escapes in ASCII text, Lua escapes alike."""
    return json.dumps(text)


def _table(message: Message) -> str:
    members = ", ".join(f"[{_lua(name)}]={_lua(value)}" for name, value in message.headers.items())
    return "{" + members + "}"


def _by_own(site: Site, messages: Sequence[Message], seconds: float) -> float:
    task = {
        "port": site.port,
        "connections": CONNECTIONS,
        "seconds": seconds,
        "requests": [_raw(site, message) for message in messages],
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.workers.http_load"], input=json.dumps(task), cwd=ROOT,
        capture_output=True, encoding="utf-8", timeout=seconds + 60, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{site.module} under {site.under}:\n{done.stderr}")
    return float(done.stdout)


def _raw(site: Site, message: Message) -> str:
    lines = [f"POST {message.path} HTTP/1.1", f"host: 127.0.0.1:{site.port}"]
    lines += [f"{name}: {value}" for name, value in message.headers.items()]
    lines.append(f"content-length: {len(message.body)}")
    return "\r\n".join((*lines, "", message.body.decode()))
