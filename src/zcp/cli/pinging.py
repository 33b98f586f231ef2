"""`zcp ping`."""

from __future__ import annotations

import time

import click
from zcp_kernel.errors import MethodNotFound

from .connecting import Visit, visit
from .inspecting import described
from .options import Options, TargetCommand, shared_options, target_argument
from .targets import Target


@click.command("ping", cls=TargetCommand, short_help="See whether a server answers.")
@target_argument
@click.option(
    "-c", "--count", type=click.IntRange(min=1), default=1, show_default=True,
    help="How many times.",
)  # fmt: skip
@shared_options
def ping_command(target: Target, count: int, options: Options) -> None:
    """See whether TARGET answers, and how quickly once it is connected."""

    async def action(visited: Visit) -> None:
        times: list[float] = []
        for _ in range(count):
            times.append(await _ping(visited))
            if not visited.screen.json:
                visited.screen.text(f"{described(visited.introduction)}: {times[-1]:.1f} ms")
        if visited.screen.json:
            visited.screen.document(
                {
                    "serverInfo": visited.introduction["serverInfo"],
                    "protocolVersion": visited.introduction["protocolVersion"],
                    "milliseconds": times,
                }
            )

    visit(target, options, action)


async def _ping(visited: Visit) -> float:
    """The milliseconds until an answer; 2026-07-28, which has no ping, describes itself instead."""
    begun = time.perf_counter()
    try:
        await visited.client.ping()
    except MethodNotFound:
        await visited.client.request("server/discover")
    return (time.perf_counter() - begun) * 1000
