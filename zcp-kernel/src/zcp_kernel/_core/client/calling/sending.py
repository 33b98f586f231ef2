"""Sending one request: in which manner, and from where its result comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from attrs import frozen

from ....contracts import Method, Revision
from ....errors import INVALID_REQUEST, InvalidParams, RemoteError, ZCPError
from ..caching.cache import ResponseCache
from ..joining.link import Link
from ..link.calls import Deadline

Params = dict[str, Any] | None

Read = Callable[[Revision, Method, Any], Any]
"""Makes a result of what came: the revision and the method it came in, and the JSON in."""


@frozen
class Manner:
    """How one request is sent, and how its result is read (None: as its method says)."""

    repeatable: bool
    deadline: Deadline
    progress: Callable[..., Any] | None = None
    tasks: bool = False
    schema: Mapping[str, Any] | None = None
    read: Read | None = None


def sent(link: Link, method: str, params: Params, manner: Manner) -> Awaitable[Any]:
    told = link.dressed(params, tasks=manner.tasks)
    return link.connection.ask(
        method,
        told,
        headers=link.revision.client.request_headers(method, told, manner.schema),
        repeatable=manner.repeatable,
        deadline=manner.deadline,
        progress=manner.progress,
    )


async def found(
    cache: ResponseCache, link: Link, method: Method, params: Params, manner: Manner
) -> Any:
    """The result as it stands on the wire, or as it stood there when it was kept."""
    kept = cache.find(method.operation, params)
    if kept is not None:
        return kept
    changes = cache.changes
    raw = await sent(link, method.method, params, manner)
    cache.keep(method.operation, params, raw, changes)
    return raw


def unreadable(method: str, error: ZCPError) -> RemoteError:
    what = error.message if isinstance(error, InvalidParams) else str(error)
    return RemoteError(INVALID_REQUEST, f"the server's answer to {method} is {what}", error.data)
