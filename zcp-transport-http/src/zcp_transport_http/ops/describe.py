"""What a server says of itself to operators: `/metadata` and `/metrics`. Nothing here is secret."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from zcp_kernel.jsontext import dumps

from ..wire import Request, Send, respond

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

    from ..guard.credentials import Gate
    from ..guard.rate import RateLimit
    from ..metrics import Metrics
    from ..routing import Router
    from ..sessions import HTTPSessions
    from ..settings import Settings

DISTRIBUTIONS = ("zero-context-protocol-sdk", "zcp-kernel", "zcp-profiles", "zcp-transport-http")
METRICS_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Describe:
    """Answers `/metadata` and `/metrics` for one composed server."""

    def __init__(
        self,
        kernel: Kernel,
        settings: Settings,
        sessions: HTTPSessions,
        gate: Gate,
        limit: RateLimit,
        metrics: Metrics,
        refused_bodies: Callable[[], int],
    ) -> None:
        self._kernel = kernel
        self._settings = settings
        self._sessions = sessions
        self._gate = gate
        self._limit = limit
        self._metrics = metrics
        self._refused_bodies = refused_bodies
        self.router: Router | None = None

    async def metadata(self, request: Request, send: Send) -> None:
        """The service, its versions, surfaces, defaults and totals, as JSON."""
        kernel = self._kernel
        server = kernel.config.section("server")
        spoken = next(iter(kernel.dialects.values())).revision()
        info = kernel.introduction(spoken).server_info
        await respond(
            send,
            200,
            dumps(
                {
                    "service": {
                        "name": info.name,
                        "version": info.version,
                        "environment": server.environment,
                    },
                    "versions": installed_versions(),
                    "surfaces": self._surfaces(str(request.scope.get("root_path", ""))),
                    "exposure": self._exposure(),
                    "authentication": {"required": self._gate.closed, "ways": self._gate.names},
                    "counts": self._counts(),
                    "metrics": self._totals(),
                }
            ),
            [(b"cache-control", b"no-store")],
        )

    async def metrics(self, request: Request, send: Send) -> None:
        """What was counted, in Prometheus' text format."""
        stats = self._sessions.stats()
        gauges = {
            "zcp_sessions": ("gauge", "Sessions open.", float(stats["open"])),
            "zcp_sessions_opened_total": ("counter", "Sessions opened.", float(stats["opened"])),
            "zcp_replay_bytes": ("gauge", "Bytes kept for replay.", float(stats["replay_bytes"])),
            "zcp_listeners": (
                "gauge", "Clients told of changes.", float(len(self._kernel.audience)),
            ),
            "zcp_streams": ("gauge", "Event streams open.", float(self._metrics.streams)),
            "zcp_rate_limited_total": (
                "counter", "Requests beyond the rate limit.", float(self._limit.refused),
            ),
            "zcp_body_limited_total": (
                "counter", "Bodies beyond the limit.", float(self._refused_bodies()),
            ),
        }  # fmt: skip
        await respond(send, 200, self._metrics.text(gauges), content=METRICS_TYPE)

    def _surfaces(self, root: str) -> dict[str, Any]:
        assert self.router is not None
        surfaces: dict[str, Any] = {}
        for route in self.router.routes:
            surface: dict[str, Any] = {"path": root + route.path, "methods": [*route.methods]}
            dialect = self._kernel.dialects.get(route.dialect or "")
            if dialect is not None:
                newest = dialect.revision().name
                surface["revisions"] = list(getattr(dialect, "revisions", (newest,)))
            surfaces[route.name] = surface
        for mount in self.router.mounts:
            surface_name = getattr(mount.application, "surface", None)
            if surface_name:
                surfaces[surface_name] = {"path": root + mount.path}
            else:
                surfaces.setdefault("mounts", []).append(root + mount.path)
        return surfaces

    def _exposure(self) -> dict[str, Any]:
        exposure = self._kernel.exposure
        views = {name: exposure.base(name) for name in self._kernel.dialects}
        return {
            name: {"defaultProfile": view.profile, "tools": len(view)}
            for name, view in views.items()
        }

    def _counts(self) -> dict[str, int]:
        registry = self._kernel.registry
        return {
            "tools": sum(tool.listing != "unlisted" for tool in registry.tools),
            "resources": len(registry.resources),
            "resourceTemplates": len(registry.templates),
            "prompts": len(registry.prompts),
            "taskKinds": len(registry.task_kinds),
        }

    def _totals(self) -> dict[str, Any]:
        stats = self._sessions.stats()
        return {
            **self._metrics.summary(),
            "sessions": stats["open"],
            "streams": self._metrics.streams,
            "rateLimited": self._limit.refused,
            "bodyLimited": self._refused_bodies(),
        }


def installed_versions() -> dict[str, str]:
    """The versions of our own distributions."""
    found: dict[str, str] = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
