"""`FastZCP`: an application, written once and served on every plane."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from ._core.compose import compose
from ._core.mount.mounts import Mount, Mounts, MountTarget
from ._core.mount.remote import Per
from ._core.registry.building import shaped
from ._core.registry.registry import Registry
from .config import ConfigSource, ServerConfig
from .errors import SetupError
from .model import Icon, ResourceUpdated
from .plugins import PluginHost
from .security import AuthProfile, Principal, local_principal

if TYPE_CHECKING:
    from .contracts import Channel, ExposureProfile
    from .runtime import Kernel
    from .session import ZCPServerSession

__all__ = ["FastZCP"]


class FastZCP(Registry):
    """A server's tools, resources, prompts, completions and task kinds, and its name card.

    `default_tool_profile` is the exposure profile native clients see by default,
    `default_tool_profiles` those of each surface (`{"native": …, "mcp": …}`): profiles, or names of
    profiles that plugins bring. `plugins` adds plugin objects; `discover=False` leaves out what is
    installed. `lifespan` is a function of the app that gives an async context manager (or an async
    generator of one `yield`), entered when serving starts. What is registered later, while serving,
    is announced to connected clients.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str = "0.0.0",
        instructions: str | None = None,
        title: str | None = None,
        description: str | None = None,
        website_url: str | None = None,
        icons: Iterable[Icon | Mapping[str, Any]] | None = None,
        auth_profile: AuthProfile | None = None,
        default_tool_profile: str | ExposureProfile | None = None,
        default_tool_profiles: Mapping[str, str | ExposureProfile] | None = None,
        lifespan: Callable[[FastZCP], Any] | None = None,
        plugins: Iterable[object] = (),
        discover: bool = True,
    ) -> None:
        super().__init__()
        self.name = name
        self.version = version
        self.instructions = instructions
        self.title = title
        self.description = description
        self.website_url = website_url
        self.icons = (
            None if icons is None else [icon for each in icons if (icon := shaped(Icon, each))]
        )
        self.default_tool_profile = default_tool_profile
        self.default_tool_profiles = dict(default_tool_profiles or {})
        self.lifespan = lifespan
        self.host = PluginHost(tuple(plugins), discover=discover)
        self._auth_profile = auth_profile
        self._kernels: WeakSet[Kernel] = WeakSet()
        self._mounts = Mounts(self)

    @property
    def auth_profile(self) -> AuthProfile | None:
        """Where clients get tokens. Assignable until the app is composed."""
        return self._auth_profile

    @auth_profile.setter
    def auth_profile(self, profile: AuthProfile | None) -> None:
        if self._kernels:
            raise SetupError(
                "auth_profile was set after the app was composed; set it before the app is served"
            )
        self._auth_profile = profile

    @property
    def mounts(self) -> Mounts:
        """What is mounted in this app, in its order."""
        return self._mounts

    def mount(
        self,
        target: MountTarget,
        prefix: str | None = None,
        *,
        name: str | None = None,
        per: Per = "server",
        required_scopes: Iterable[str] = (),
        timeout: float | None = None,
        **options: Any,
    ) -> Mount:
        """Serve another server's tools, resources, prompts, completions and tasks as this app's.

        `target` is an app of this process (its handlers run here, its lifespan with this app's), a
        session, a `ZCPSessionGroup`, a function that makes a session, or what `zcp.connect` takes,
        with its `options`. With a `prefix`, tools and prompts are called `prefix.name`; without one
        they keep their names while nobody had them before, and have `name.tool` otherwise (`name`
        is the server's own if not given). URIs stay as they are unless somebody had them before.

        All clients share one session with the server, and what it asks goes to the client whose
        call it is about; with `per="session"` or `per="principal"` each has one of its own.
        `required_scopes` are needed for everything it brings, `timeout` is each call's, in seconds.
        While it is served, lists follow the server's; a server that cannot be reached fails alone.
        Raises `RegistrationError` for a name in use, a circle, or options that do not fit.
        """
        return self._mounts.add(
            target,
            prefix,
            name=name,
            per=per,
            required_scopes=required_scopes,
            timeout=timeout,
            **options,
        )

    def compose(self, config: ServerConfig | ConfigSource | None = None) -> Kernel:
        """Wire a server of this app: its plugins, its configuration, sealed.

        `config` is a `ServerConfig`, or anything with a `server_config(host)` method that gives one
        (`ZCPServerConfig`); None reads the environment. An app may be composed several ways.
        Raises `PluginError`, `ConfigError` or `RegistrationError`.
        """
        if config is None:
            config = ServerConfig.load(self.host, environ=os.environ)
        elif not isinstance(config, ServerConfig):
            config = config.server_config(self.host)
        kernel = compose(self, self.host, config)
        self._kernels.add(kernel)
        return kernel

    def create_server_session(
        self,
        channel: Channel,
        *,
        principal: Principal | None = None,
        config: ServerConfig | ConfigSource | None = None,
    ) -> ZCPServerSession:
        """The server's end of one connection whose own frames go to `channel`.

        For transports and tests: hand frames to its `receive`, run what comes back. `principal` is
        the local peer if not given.
        """
        return self.compose(config).open_session(channel, principal or local_principal())

    def notify_resource_updated(self, uri: str) -> None:
        """Tell every subscriber of `uri`, on every plane. Thread-safe, from sync code too."""
        for kernel in list(self._kernels):
            kernel.broadcast(ResourceUpdated(uri=uri))
        for app, mount in self._mounts.outer:
            app.notify_resource_updated(mount.uri_here(uri))
