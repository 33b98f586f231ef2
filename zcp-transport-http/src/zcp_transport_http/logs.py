"""Log records with the request they belong to, as JSON lines or as text.

Nothing is gathered until a record is written: a request only leaves itself in a context variable.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from .config import LogConfig

LOGGER = logging.getLogger("zcp")
ACCESS = logging.getLogger("zcp.access")

_NO_HEADERS: Mapping[str, str] = {}
_PROCESS = secrets.token_hex(4)
_numbers = itertools.count(1)
_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
_NO_ID = re.compile(r"[^\x21-\x7e]")
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Served:
    """The request being served, as log records name it."""

    __slots__ = ("_id", "headers", "principal", "session_headers")

    def __init__(self, session_headers: tuple[str, ...]) -> None:
        self.headers: Mapping[str, str] = _NO_HEADERS
        self.session_headers = session_headers
        self.principal: str | None = None
        self._id: str | None = None

    @property
    def id(self) -> str:
        """The caller's `x-request-id` as far as it is printable, else one of our own."""
        if self._id is None:
            given = _NO_ID.sub("", self.headers.get("x-request-id", ""))[:128]
            self._id = given or f"{_PROCESS}-{next(_numbers)}"
        return self._id

    def facts(self) -> dict[str, str]:
        """What is known of it: `request`; and `session`, `principal`, `trace` if there is one."""
        found = (self.headers.get(name) for name in self.session_headers)
        session = next((one for one in found if one), None)
        parent = _PARENT.fullmatch(self.headers.get("traceparent", ""))
        facts = {
            "request": self.id,
            "session": session,
            "principal": self.principal,
            "trace": parent[1] if parent else None,
        }
        return {name: value for name, value in facts.items() if value is not None}


current: ContextVar[Served | None] = ContextVar("zcp_http_served", default=None)


def facts() -> dict[str, str]:
    served = current.get()
    return {} if served is None else served.facts()


class JSONLines(logging.Formatter):
    """One JSON object a line: time (RFC 3339, UTC), level, logger, message, the request's facts,
    what the call gave as `extra`, and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **facts(),
            **_extra(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class Console(logging.Formatter):
    """A line for people: time, level, message, and the facts behind it."""

    def format(self, record: logging.LogRecord) -> str:
        known = " ".join(f"{key}={value}" for key, value in {**facts(), **_extra(record)}.items())
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{clock} {record.levelname.lower():<7} {record.getMessage()}"
        if known:
            line = f"{line}  [{known}]"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Handler(logging.StreamHandler[Any]):
    """Ours, so that configuring twice replaces it rather than writing every line twice."""

    def __init__(self) -> None:
        super().__init__()

    def emit(self, record: logging.LogRecord) -> None:
        # The stream of this moment: programs and tests replace sys.stderr.
        self.stream = sys.stderr
        super().emit(record)


def configure(settings: LogConfig, fallback: str | None = None) -> None:
    """Write what the SDK logs to standard error, as section `log` says; `fallback` is the format
    where it says nothing (None: leave logging to the program)."""
    form = settings.format or fallback
    if form is None:
        return
    for handler in LOGGER.handlers[:]:
        if isinstance(handler, _Handler):
            LOGGER.removeHandler(handler)
    handler = _Handler()
    handler.setFormatter(JSONLines() if form == "json" else Console())
    LOGGER.addHandler(handler)
    LOGGER.setLevel(settings.level.upper())
    LOGGER.propagate = False


def _timestamp(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}
