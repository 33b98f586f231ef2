"""What mounted servers may have without listing it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import Forbidden, NotFound, RemoteError
from ...model import ResourceDescriptor
from ..registry.items import Resource, TaskKind
from ..relaying.failures import UpstreamError
from .forwarding import Forwarding

if TYPE_CHECKING:
    from ...context import Context
    from .remote import RemoteSections


def resource_of(remotes: Sequence[RemoteSections], uri: str) -> Resource | None:
    """Something to read this URI with: from the backend it is qualified with, or from whichever
    knows it, in the order of mounting."""
    readers = [each for each in remotes if each.reads]
    for each in readers:
        own = uri.removeprefix(f"{each.name}.")
        if own != uri and ":" in own:
            return each.unlisted(own)
    if len(readers) < 2:
        return readers[0].unlisted(uri) if readers else None
    return Resource(
        descriptor=ResourceDescriptor(uri=uri, name=uri),
        invoke=Forwarding(partial(_read_somewhere, readers, uri), "mounted servers"),
        watch=partial(_watch_somewhere, readers),
    )


def task_kind_of(remotes: Sequence[RemoteSections], kind: str) -> TaskKind | None:
    """A kind of task by its qualified name, or by its own if there is but one server to have it."""
    able = [each for each in remotes if each.has_kinds]
    for each in able:
        own = kind.removeprefix(f"{each.name}.")
        if own != kind:
            return each.task_kind(own, kind)
    return able[0].task_kind(kind, kind) if len(able) == 1 else None


async def _read_somewhere(
    readers: Sequence[RemoteSections], uri: str, given: dict[str, Any], ctx: Context
) -> Any:
    failure: Exception = NotFound("resource", uri)
    for each in readers:
        missing = ctx.principal.lacks(each.scopes)
        if missing:
            failure = Forbidden(missing)
            continue
        try:
            return await each.unlisted(uri).invoke(given, ctx)
        except UpstreamError as error:
            failure = error
        except RemoteError:
            continue
    raise failure


async def _watch_somewhere(readers: Sequence[RemoteSections], uri: str, ctx: Context) -> None:
    """At all that let it be watched: who does not know it will say nothing of it."""
    failure: Exception = NotFound("resource", uri)
    watched = False
    for each in readers:
        missing = ctx.principal.lacks(each.scopes)
        if missing:
            failure = Forbidden(missing)
            continue
        try:
            await each.upstream(ctx).watch(uri, uri)
            watched = True
        except (UpstreamError, RemoteError) as error:
            failure = error
    if not watched:
        raise failure
