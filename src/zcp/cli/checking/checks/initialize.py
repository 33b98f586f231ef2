"""The session opens, says who is there, and answers."""

from __future__ import annotations

from zcp_kernel.errors import METHOD_NOT_FOUND, MethodNotFound, RemoteError

from ...jsonvalues import members
from ..bench import Bench
from ..outcome import Check, Failed

UNKNOWN_METHOD = "zcp-check/no-such-method"


async def initialize(bench: Bench) -> str:
    """Agreement on a revision, the server's name, an answer to the first request, and an error for
    a method nobody has (JSON-RPC 2.0, section 5.1)."""
    introduction = await bench.open()
    info = members(introduction.get("serverInfo"))
    name = info.get("name")
    if not isinstance(name, str) or not name:
        raise Failed("the server does not say its name")
    await bench.poke()
    code = await _unknown_method(bench)
    version = f" {info['version']}" if info.get("version") else ""
    told = f"{name}{version} speaks {introduction['protocolVersion']}"
    if code != METHOD_NOT_FOUND:
        return f"{told}; it refuses unknown methods by {code}, not {METHOD_NOT_FOUND}"
    return told


async def _unknown_method(bench: Bench) -> int:
    """The code of the refusal. Servers in wide use have another than the standard's."""
    try:
        await bench.client.request(UNKNOWN_METHOD)
    except (MethodNotFound, RemoteError) as error:
        return error.code
    raise Failed("an unknown method was answered as if there were one")


INITIALIZE = Check("initialize", initialize)
