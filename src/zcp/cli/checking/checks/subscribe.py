"""A resource is subscribed to, and no longer."""

from __future__ import annotations

from ..bench import Bench
from ..outcome import Check, NotApplicable


async def subscribe(bench: Bench) -> str:
    """Where subscribing is declared, it is answered, and so is its end."""
    if bench.need("resources").get("subscribe") is not True:
        raise NotApplicable("the server declares no subscriptions")
    resources = bench.lists.get("resources")
    if not resources:
        raise NotApplicable("no resource is listed")
    uri = resources[0]["uri"]
    bench.heard.subscribed.add(uri)
    await bench.client.subscribe_resource(uri)
    await bench.client.unsubscribe_resource(uri)
    await bench.poke()
    return f"subscribed to {uri}, and no longer"


SUBSCRIBE = Check("subscribe", subscribe)
