"""`zcp inspect`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import click
from zcp_kernel.errors import METHOD_NOT_FOUND, InvalidParams, MethodNotFound, RemoteError

from .connecting import Visit, visit
from .jsonvalues import members
from .options import Options, TargetCommand, shared_options, target_argument
from .rendering import Screen
from .targets import Target

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP


@click.command("inspect", cls=TargetCommand, short_help="Show what a server is and offers.")
@target_argument
@shared_options
def inspect_command(target: Target, options: Options) -> None:
    """Show who TARGET is, the protocol revision it speaks with us, and what it offers."""

    async def action(visited: Visit) -> None:
        report = {
            **visited.introduction,
            "era": era_of(visited.introduction["protocolVersion"]),
            "counts": await _counts(visited),
            **_task_kinds(visited.app),
        }
        if visited.screen.json:
            visited.screen.document(report)
        else:
            _show(report, visited.screen)

    visit(target, options, action)


async def _counts(visited: Visit) -> dict[str, int]:
    """How many of each the server lists; what it has no list for is left out."""
    client, offered = visited.client, visited.introduction["capabilities"]
    lists: list[tuple[str, str, Callable[[], Awaitable[dict[str, Any]]]]] = [
        ("tools", "tools", client.list_tools),
        ("resources", "resources", client.list_resources),
        ("resources", "resourceTemplates", client.list_resource_templates),
        ("prompts", "prompts", client.list_prompts),
    ]
    counts: dict[str, int] = {}
    for capability, member, listing in lists:
        if capability not in offered:
            continue
        try:
            counts[member] = len((await listing())[member])
        except MethodNotFound:
            continue
        except RemoteError as error:
            if error.code != METHOD_NOT_FOUND:
                raise
    return counts


def _task_kinds(app: FastZCP | None) -> dict[str, Any]:
    """The task kinds of an app of this process; no protocol lists those of another."""
    if app is None:
        return {}
    kinds = [kind.kind for kind in app.task_kinds]
    return {
        "taskKinds": kinds,
        "nativeOnlyTaskKinds": [kind for kind in kinds if kind not in app.tools],
    }


def _show(report: dict[str, Any], screen: Screen) -> None:
    info = report["serverInfo"]
    facts: dict[str, Any] = {
        "server": named(report),
        "title": info.get("title"),
        "description": info.get("description"),
        "website": info.get("websiteUrl"),
        "protocol": f"{report['protocolVersion']} ({report['era']})",
        "capabilities": ", ".join(sorted(report["capabilities"])) or "none",
        **{_words(name): str(count) for name, count in report["counts"].items()},
        "task kinds": ", ".join(report.get("taskKinds", ())),
        "native only": ", ".join(report.get("nativeOnlyTaskKinds", ())),
        "sign-in": members(report.get("auth")).get("issuer"),
        "instructions": report.get("instructions"),
    }
    screen.facts({name: str(value) for name, value in facts.items() if value})


def era_of(version: str) -> str:
    """`native`, `stateless` (every request stands alone), or `handshake` (sessions)."""
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.plugins import PluginHost

    host = PluginHost()
    for dialect in host.dialects(ServerConfig.load(host)):
        try:
            revision = dialect.revision(version)
        except InvalidParams:
            continue
        if revision.name == version:
            if dialect.name == "native":
                return "native"
            return "stateless" if revision.stateless else "handshake"
    return "unknown"


def named(introduction: dict[str, Any]) -> str:
    """`Kitchen 3.1`."""
    info = introduction["serverInfo"]
    return f"{info['name']} {info.get('version', '')}".rstrip()


def described(introduction: dict[str, Any]) -> str:
    """`Kitchen 3.1 (2025-11-25)`."""
    return f"{named(introduction)} ({introduction['protocolVersion']})"


def _words(name: str) -> str:
    return "templates" if name == "resourceTemplates" else name
