"""What a server says in every result of the stateless revision: who it is, how long it keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zcp_kernel.model import Cacheable, Implementation

from .entries import DISCOVER
from .metadata import SERVER_INFO
from .section import MCPSection

if TYPE_CHECKING:
    from zcp_kernel.codec import ModelCodec
    from zcp_kernel.contracts import Method, Revision
    from zcp_kernel.runtime import Kernel


def presenter(
    revision: Revision, codec: ModelCodec, method: Method, kernel: Kernel
) -> Callable[[Any], Any]:
    """The encoder of a method's results. The whole name card goes with the server's description,
    its name and version with everything else."""
    encode = method.encode_result
    card = kernel.introduction(revision).server_info
    if method.operation != DISCOVER:
        card = Implementation(card.name, card.version)
    server = codec.encode(card)
    ttl_ms, scope = kernel.config.section(MCPSection).ttl_ms, _scope(method.operation, kernel)

    def present(result: Any) -> Any:
        out = encode(result)
        out.setdefault("resultType", "complete")
        # The key is reserved: what a handler put there is not for it to say.
        out["_meta"] = {**(out.get("_meta") or {}), SERVER_INFO: server}
        if isinstance(result, Cacheable):
            if result.ttl_ms is None:
                out["ttlMs"] = ttl_ms
            if result.cache_scope is None:
                out["cacheScope"] = scope
        return out

    return present


def _scope(operation: str, kernel: Kernel) -> str:
    """Who may share a result that does not say so itself."""
    if operation == "resources/read":
        return "private"
    if operation == "tools/list" and not kernel.config.section("exposure").show_forbidden:
        return "private"
    scope: str = kernel.config.section(MCPSection).cache_scope
    return scope
