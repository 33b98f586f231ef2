"""One composed server: its kernel, its guards and its routes, wired once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zcp_kernel.contracts import EventLog, RateStore
from zcp_kernel.errors import ConfigError

from . import logs
from .advice import advise
from .cluster.joining import joined
from .config import HTTPConfig
from .endpoints.legacy_sse import legacy_sse_endpoints
from .endpoints.streamable import streamable_endpoint
from .guard.bearer import StaticBearer
from .guard.cors import CORS
from .guard.credentials import Gate
from .guard.hosts import HostGuard
from .guard.intake import Intake
from .guard.rate import RateLimit
from .metrics import Metrics
from .observing import counting
from .ops.describe import Describe
from .ops.probes import Readiness, health
from .patience import Patience
from .routing import Route, Router
from .sessions import HTTPSessions
from .settings import Settings, prepared

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.contracts import Authenticator
    from zcp_kernel.runtime import Kernel

    from .wire import Endpoint

METHODS: tuple[str, ...] = ("GET", "POST", "DELETE")
DIALECTS = {"mcp": "mcp_path", "native": "zcp_path"}
"""Dialects with a Streamable HTTP endpoint, and the setting that has its path."""


class Composition:
    """What one app and one configuration became. It serves one event loop, and starts once."""

    def __init__(self, app: FastZCP, config: Any = None) -> None:
        """Raises what `FastZCP.compose` raises, and `ConfigError` for paths that collide."""
        metrics = Metrics()
        with counting(metrics):
            self.kernel = app.compose(prepared(app, config))
        self.settings = settings = Settings.of(self.kernel.config)
        logs.configure(settings.log)
        self.metrics = metrics
        self.draining = False
        log: EventLog | None = self.kernel.stores.shared(EventLog)
        self.sessions = HTTPSessions(self.kernel, settings.streamable, log=log)
        self.cluster = joined(self.kernel, self.sessions)
        self.hosts = HostGuard(settings.http, settings.cors.allow_origins)
        self.cors = CORS(settings.cors, settings.streamable, settings.auth.header_name)
        self.intake = Intake(
            settings.http, Patience(self.kernel, settings.http.body_timeout_seconds)
        )
        self.limit = RateLimit(settings.rate_limit)
        self.limit.store = self.kernel.stores.shared(RateStore)
        self.gate = Gate(_in_force(app, self.kernel, settings.http))
        routes = self._routes()
        self.router = Router(routes, app.host.asgi_mounts(self.kernel))
        _refuse_collisions(self.router)
        self.describe.router = self.router

    def advise(self) -> None:
        """Log what about its settings is probably not meant."""
        advise(self.kernel, self.settings, self.gate)

    def _routes(self) -> list[Route]:
        kernel, http, sse = self.kernel, self.settings.http, self.settings.sse
        routes: list[Route] = []
        for dialect, setting in DIALECTS.items():
            if dialect in kernel.dialects:
                plane: Any = dialect
                endpoint = streamable_endpoint(kernel, self.settings, plane, self.sessions)
                methods: dict[str, Endpoint] = dict.fromkeys(METHODS, endpoint)
                name = setting.removesuffix("_path")
                routes.append(Route(name, getattr(http, setting), methods, dialect=dialect))
        if sse.enabled and self.settings.streamable.sessions and "mcp" in kernel.dialects:
            get, post = legacy_sse_endpoints(kernel, self.settings, self.sessions)
            routes.append(Route("sse", sse.path, {"GET": get}, dialect="mcp"))
            routes.append(Route("messages", sse.message_path, {"POST": post}, dialect="mcp"))
        return [*routes, *self._operations()]

    def _operations(self) -> list[Route]:
        http = self.settings.http
        ready = Readiness(self.kernel, lambda: self.draining)
        self.describe = describe = Describe(
            self.kernel, self.settings, self.sessions, self.gate, self.limit, self.metrics,
            lambda: self.intake.refused_bodies,
        )  # fmt: skip
        probe: Any = {"public": True, "limited": False, "any_host": True}
        routes = [
            Route("health", http.health_path, {"GET": health}, **probe),
            Route("ready", http.ready_path, {"GET": ready}, **probe),
            Route(
                "metadata", http.metadata_path, {"GET": describe.metadata},
                public=True, limited=False,
            ),
        ]  # fmt: skip
        if http.metrics_path:
            route = Route("metrics", http.metrics_path, {"GET": describe.metrics}, limited=False)
            routes.append(route)
        return routes


def _in_force(app: FastZCP, kernel: Kernel, http: HTTPConfig) -> list[Authenticator]:
    """The authenticators configuration names: by a section of their name, in `[http]
    authenticators`, or, for the static bearer, by a token. Installing a plugin adds no way in."""
    offered = {each.name: each for each in app.host.authenticators(kernel.config)}
    missing = [name for name in http.authenticators if name not in offered]
    if missing:
        raise ConfigError(
            f"[http] authenticators: no plugin brings {', '.join(missing)}; there are: "
            f"{', '.join(sorted(offered)) or 'none'}"
        )
    chosen: list[Authenticator] = []
    for name, each in offered.items():
        if isinstance(each, StaticBearer):
            if app.auth_profile is not None:
                each.default_scopes(tuple(app.auth_profile.scopes))
            chosen.append(each)
        elif name in http.authenticators or name in kernel.config.sections:
            chosen.append(each)
    return chosen


def _refuse_collisions(router: Router) -> None:
    owners: dict[str, str] = {}
    claims = [(route.path, route.name) for route in router.routes]
    claims += [(mount.path, f"a plugin's mount {mount.path}") for mount in router.mounts]
    for path, owner in claims:
        if path in owners:
            raise ConfigError(
                f"{owners[path]} and {owner} both have the path {path}; give one another"
            )
        owners[path] = owner
