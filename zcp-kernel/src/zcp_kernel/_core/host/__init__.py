"""The plugin host: finds plugins, admits or refuses them, calls their hooks, joins the results."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pluggy

from ... import __version__, hookspecs
from ..._core import builtin
from ...contracts import (
    Authenticator,
    Dialect,
    ExposureProfile,
    HandleStore,
    Operation,
    Stage,
    TaskStore,
    Transport,
)
from ...errors import ConfigError, PluginError, RegistrationError
from . import collect
from .admission import Admitted, admit, refuse_twins, reported
from .candidates import Candidate, Selection, discovered, given
from .inspection import SPECS
from .merge import HookResult, named
from .report import PluginReport

if TYPE_CHECKING:
    from ...config import ServerConfig
    from ...registry import Registry
    from ...runtime import Kernel

_KERNEL = Candidate("kernel", lambda: builtin, "zcp-kernel", __version__)


class PluginHost:
    """Loads plugins and calls their hooks.

    `plugins` are objects (or modules) given by the program; with `discover` the entry points of
    group `zcp` are added, less the names in `disabled`, or only those in `only`. The environment
    variables `ZCP_PLUGINS_DISABLED` and `ZCP_PLUGINS_ONLY` (comma separated) narrow it further.
    Hooks are called on the kernel's own parts first, then on given plugins in their order, then on
    discovered ones by name. Every failure is one `PluginError` that names the plugin, its
    distribution and version, what is wrong, and the way out.
    """

    def __init__(
        self,
        plugins: Sequence[object] = (),
        *,
        discover: bool = True,
        only: Iterable[str] | None = None,
        disabled: Iterable[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._given = tuple(plugins)
        self._discover = discover
        self._only = None if only is None else tuple(only)
        self._disabled = tuple(disabled or ())
        self._environ = os.environ if environ is None else environ
        self._manager: pluggy.PluginManager | None = None
        self._sources: dict[str, str] = {}

    # -- loading ----------------------------------------------------------------------------------

    def load(self) -> None:
        """Import, check and register every plugin, once.

        Raises `PluginError` naming every plugin that cannot take part; the host is then as it was
        before the call and may be loaded again.
        """
        if self._manager is not None:
            return
        taking_part = [candidate for candidate in self._candidates() if not candidate.disabled]
        refuse_twins(taking_part)
        manager = _new_manager()
        admitted = _admit_all(manager, taking_part)
        for one in reversed(admitted):  # pluggy calls last registered first
            _register(manager, one)
        self._sources = {one.candidate.name: one.candidate.title for one in admitted}
        self._manager = manager

    def report(self) -> list[PluginReport]:
        """Every plugin with its state, for people to read. Never raises for a broken plugin."""
        manager = _new_manager()
        return [reported(manager, candidate) for candidate in self._candidates(check=False)]

    def _candidates(self, check: bool = True) -> list[Candidate]:
        own = [_KERNEL, *map(given, self._given)]
        if not self._discover:
            return own
        selection = Selection.of(self._only, self._disabled, self._environ)
        found = discovered(selection)
        if check:
            selection.check([candidate.name for candidate in found])
        return own + found

    # -- calling ----------------------------------------------------------------------------------

    def call(self, hook: str, **arguments: Any) -> list[HookResult]:
        """Call one hook on every plugin; each result carries its plugin's name.

        Raises `PluginError` naming the plugin whose implementation raised; `ConfigError` and
        `RegistrationError` pass through, they already say what to do.
        """
        self.load()
        assert self._manager is not None
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        return [self._call(hook, impl, arguments) for impl in reversed(caller.get_hookimpls())]

    def _call(self, hook: str, impl: pluggy.HookImpl, arguments: dict[str, Any]) -> HookResult:
        source = self._sources[impl.plugin_name]
        try:
            value = impl.function(*(arguments[name] for name in impl.argnames))
        except (ConfigError, RegistrationError):
            raise
        except PluginError as error:
            raise PluginError(f"{source}: {hook}: {error}") from error
        except Exception as error:
            raise PluginError(f"{source}: {hook} raised {type(error).__name__}: {error}") from error
        return HookResult(impl.plugin_name, source, hook, value)

    # -- host phase -------------------------------------------------------------------------------

    def config_sections(self) -> dict[str, type]:
        """Every configuration section: name -> attrs class."""
        return collect.sections(self.call("zcp_config_sections"))

    def transports(self) -> list[Transport]:
        """Client transports; no two of them serve one URL scheme."""
        return collect.transports(self.call("zcp_transports"))

    def commands(self, group: Any) -> None:
        """Let plugins add their commands to `group` (a `click.Group`)."""
        self.call("zcp_commands", group=group)

    # -- compose phase ----------------------------------------------------------------------------

    def register(self, registry: Registry, config: ServerConfig) -> None:
        """Let plugins add tools, resources, prompts, completions and task kinds."""
        self.call("zcp_register", registry=registry, config=config)

    def dialects(self, config: ServerConfig) -> list[Dialect]:
        return named(self.call("zcp_dialects", config=config), Dialect, "dialect")

    def operations(self, config: ServerConfig) -> list[Operation]:
        return named(self.call("zcp_operations", config=config), Operation, "operation")

    def stages(self, config: ServerConfig) -> list[Stage]:
        return named(self.call("zcp_stages", config=config), Stage, "stage")

    def authenticators(self, config: ServerConfig) -> list[Authenticator]:
        results = self.call("zcp_authenticators", config=config)
        return named(results, Authenticator, "authenticator")

    def profiles(self, config: ServerConfig) -> list[ExposureProfile]:
        results = self.call("zcp_exposure_profiles", config=config)
        return named(results, ExposureProfile, "exposure profile")

    def stores(self, config: ServerConfig) -> list[TaskStore | HandleStore]:
        """Stores of every kind; a task store and a handle store may share a name."""
        return collect.stores(self.call("zcp_stores", config=config))

    # -- run phase --------------------------------------------------------------------------------

    def asgi_mounts(self, kernel: Kernel) -> dict[str, Any]:
        """Path -> ASGI application."""
        return collect.mounts(self.call("zcp_asgi_mounts", kernel=kernel))

    def lifespans(self, kernel: Kernel) -> list[AbstractAsyncContextManager[None]]:
        """What to enter when the server starts and leave when it stops."""
        return collect.lifespans(self.call("zcp_lifespan", kernel=kernel))


def _new_manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager("zcp")
    manager.add_hookspecs(hookspecs)
    return manager


def _admit_all(manager: pluggy.PluginManager, candidates: list[Candidate]) -> list[Admitted]:
    admitted: list[Admitted] = []
    problems: list[PluginError] = []
    for candidate in candidates:
        try:
            admitted.append(admit(manager, candidate))
        except PluginError as error:
            problems.append(error)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise PluginError("\n".join(map(str, problems))) from problems[0].__cause__
    return admitted


def _register(manager: pluggy.PluginManager, one: Admitted) -> None:
    try:
        manager.register(one.plugin, one.candidate.name)
    except (ValueError, pluggy.PluginValidationError) as error:
        raise one.candidate.refuse(f"pluggy refused it: {error}") from error


__all__ = ["SPECS", "HookResult", "PluginHost", "PluginReport"]
