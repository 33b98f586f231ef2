"""A resource is read; one that does not exist is refused."""

from __future__ import annotations

import base64
from typing import Any

from zcp_kernel.errors import RemoteError

from ...jsonvalues import entries, is_object
from ..bench import Bench
from ..outcome import Check, Failed, NotApplicable

UNKNOWN_URI = "zcp-check://no/such/resource"
MOST = 3
"""So many resources are read."""


async def read(bench: Bench) -> str:
    """Listed resources have contents, each text or valid base64; an unknown one is an error."""
    bench.need("resources")
    try:
        await bench.client.read_resource(UNKNOWN_URI)
    except RemoteError:
        pass
    else:
        raise Failed("a resource that does not exist was read as if it did")
    uris = [resource["uri"] for resource in bench.lists.get("resources", ())[:MOST]]
    if not uris:
        raise NotApplicable("no resource is listed; an unknown one is refused")
    for uri in uris:
        answer = await bench.client.read_resource(uri)
        contents = entries(answer.get("contents"))
        if not contents:
            raise Failed(f"{uri} has no contents")
        for content in contents:
            _content(uri, content)
    return f"an unknown resource is refused; read {', '.join(uris)}"


def _content(uri: str, content: Any) -> None:
    if not is_object(content) or not isinstance(content.get("uri"), str):
        raise Failed(f"a content of {uri} does not say its URI")
    if isinstance(content.get("text"), str):
        return
    blob = content.get("blob")
    if not isinstance(blob, str):
        raise Failed(f"a content of {uri} has neither text nor blob")
    try:
        base64.b64decode(blob, validate=True)
    except ValueError:
        raise Failed(f"the blob of {uri} is not base64") from None


READ = Check("read", read)
