"""Which endpoint answers at which path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from .wire import Endpoint, Scope

ASGIApplication = Any


@frozen
class Route:
    """An endpoint: its label in metrics, its path and its methods.

    `public`: served without credentials. `limited`: counted by the rate limit. `any_host`: served
    whatever host the request names, for probes that know no name. `dialect`: what is spoken there.
    """

    name: str
    path: str
    methods: Mapping[str, Endpoint]
    public: bool = False
    limited: bool = True
    any_host: bool = False
    dialect: str | None = None

    @property
    def allowed(self) -> tuple[str, ...]:
        """What `Allow` says (RFC 9110, section 10.2.1)."""
        head = ("HEAD",) if self.has_head else ()
        return (*self.methods, *head, "OPTIONS")

    @property
    def has_head(self) -> bool:
        """Whether HEAD is answered as GET without its body: not where GET opens a stream."""
        return self.dialect is None and "GET" in self.methods


@frozen
class Mount:
    """An ASGI application a plugin serves, at this path and below."""

    path: str
    application: ASGIApplication

    def claims(self, path: str) -> bool:
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


class Router:
    """Finds what serves a path, below wherever this application is mounted."""

    def __init__(self, routes: list[Route], mounts: Mapping[str, ASGIApplication]) -> None:
        self.routes = tuple(routes)
        self.mounts = tuple(
            Mount(path, mounts[path]) for path in sorted(mounts, key=len, reverse=True)
        )
        self._by_path = {route.path: route for route in routes}

    def find(self, path: str) -> Route | Mount | None:
        """The route of exactly this path, a trailing slash apart; else the mount that claims it."""
        route = self._by_path.get(path)
        if route is None and path.endswith("/"):
            route = self._by_path.get(path.rstrip("/"))
        return route if route is not None else self.mount(path)

    def mount(self, path: str) -> Mount | None:
        """The mount that claims this path, the most specific one."""
        for mount in self.mounts:
            if mount.claims(path):
                return mount
        return None

    def paths(self) -> list[str]:
        return sorted({*self._by_path, *(mount.path for mount in self.mounts)})


def below_mount(scope: Scope) -> str:
    """The path as seen from where this application is mounted (ASGI HTTP, `root_path`: servers
    disagree on whether `path` includes it; both ways work)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :] or "/"
    return path


def mounted(scope: Scope, mount: Mount) -> Scope:
    """The scope for the mounted application: its `root_path` is where it is mounted."""
    root: str = scope.get("root_path", "").rstrip("/")
    path: str = scope["path"]
    if not path.startswith(root):
        path = root + path
    return {**scope, "path": path, "root_path": root + mount.path.rstrip("/")}
