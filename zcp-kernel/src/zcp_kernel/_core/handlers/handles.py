"""`handles/…`: reading results that stayed on the server."""

from __future__ import annotations

from attrs import evolve

from ...context import Context
from ...model import (
    CountHandleResult,
    Empty,
    GetHandleResult,
    HandleParams,
    ListHandlesParams,
    ListHandlesResult,
    ReadHandleParams,
    ReadHandleResult,
)
from ..handles.aliases import meant


async def list_handles(params: ListHandlesParams, ctx: Context) -> ListHandlesResult:
    """`handles/list`: the caller's own, oldest first."""
    size = ctx.kernel.config.section("server").page_size
    return ListHandlesResult(*await ctx.kernel.handles.list(ctx.owner, params.cursor, size))


async def get_handle(params: HandleParams, ctx: Context) -> GetHandleResult:
    """`handles/get`: what the handle is, and the time it has left."""
    handle = meant(params.handle, ctx.session)
    return GetHandleResult(await ctx.kernel.handles.get(handle, ctx.owner, ctx.principal))


async def read_handle(params: ReadHandleParams, ctx: Context) -> ReadHandleResult:
    """`handles/read`: one page of the value or of a part of it."""
    params = evolve(params, handle=meant(params.handle, ctx.session))
    return await ctx.kernel.handles.read(params, ctx.owner, ctx.principal)


async def count_handle(params: HandleParams, ctx: Context) -> CountHandleResult:
    """`handles/count`"""
    handle = meant(params.handle, ctx.session)
    return CountHandleResult(await ctx.kernel.handles.count(handle, ctx.owner, ctx.principal))


async def release_handle(params: HandleParams, ctx: Context) -> Empty:
    """`handles/release`: the caller needs it no more."""
    handle = meant(params.handle, ctx.session)
    await ctx.kernel.handles.release(handle, ctx.owner, ctx.principal)
    return Empty()
