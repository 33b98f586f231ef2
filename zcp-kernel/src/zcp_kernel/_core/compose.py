"""Composition: an app, a configuration and the plugins become a kernel."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from ..config import ServerConfig
from ..contracts import Bus, HandleStore, KeyRing, TaskStore
from ..plugins import PluginHost
from .executor import RuntimeExecutor
from .exposure import Exposure, chosen_profiles, default_profiles, profiles_by_name
from .handles.service import Handles
from .introduce import Introduction
from .kernel import Kernel
from .live import follow_changes
from .registry.registry import Registry
from .sharing.stores import Stores
from .stages import ordered
from .task_runs import policies, resume
from .tasks.engine import TaskEngine

if TYPE_CHECKING:
    from ..app import FastZCP
    from ..contracts import Operation


def compose(app: FastZCP, host: PluginHost, config: ServerConfig) -> Kernel:
    """Wire a kernel. Raises `PluginError`, `ConfigError` or `RegistrationError`, each saying what
    to do."""
    host.load()
    # A configuration made by hand knows the kernel's sections alone.
    config = evolve(config, classes={**host.config_sections(), **config.classes})
    registry = Registry(app)
    host.register(registry, config)
    operations = {each.name: each for each in host.operations(config)}
    exposure = _exposure(app, registry, host, config)
    server, tasks = config.section("server"), config.section("tasks")
    stores = Stores(host.stores(config))
    task_store: TaskStore = stores.chosen(TaskStore, tasks.store, "[tasks] store")
    kernel = Kernel(
        config=config,
        registry=registry,
        dialects={each.name: each for each in host.dialects(config)},
        operations=operations,
        stages=ordered(host.stages(config)),
        exposure=exposure,
        executor=_executor(registry, exposure, config),
        handles=Handles(
            stores.chosen(HandleStore, config.section("handles").store, "[handles] store"),
            config.section("handles"),
        ),
        keys=_key_ring(stores, config),
        stores=stores,
        tasks=lambda kernel: TaskEngine(
            task_store,
            tasks,
            kernel.spawn,
            mask_errors=server.mask_errors,
            bus=stores.shared(Bus),
            resume=partial(resume, kernel),
            kinds=partial(policies, kernel),
        ),
        introduction=_introduction(app, registry, operations, config),
        lifespans=lambda kernel: [app.mounts.lifespan(kernel), *host.lifespans(kernel)],
    )
    follow_changes(kernel)
    return kernel


def _exposure(app: FastZCP, registry: Registry, host: PluginHost, config: ServerConfig) -> Exposure:
    settings = config.section("exposure")
    given = chosen_profiles(app.default_tool_profile, app.default_tool_profiles)
    profiles = profiles_by_name(host.profiles(config), given)
    return Exposure(registry.tools, profiles, default_profiles(given, settings), settings)


def _executor(registry: Registry, exposure: Exposure, config: ServerConfig) -> RuntimeExecutor:
    mask_errors: bool = config.section("server").mask_errors
    mcp_handles: bool = config.section("handles").mcp
    return RuntimeExecutor(
        registry.tools, exposure, config.section("tools"), mask_errors, mcp_handles
    )


def _key_ring(stores: Stores, config: ServerConfig) -> KeyRing | None:
    """The key ring configuration names; none is needed until a dialect seals something."""
    keys = config.section("keys")
    if not stores.all(KeyRing) and keys == type(keys)():
        return None
    ring: KeyRing = stores.chosen(KeyRing, keys.ring, "[keys] ring")
    return ring


def _introduction(
    app: FastZCP, registry: Registry, operations: dict[str, Operation], config: ServerConfig
) -> Introduction:
    return Introduction(
        app=app,
        name=config.section("server").service_name,
        auth_profile=app.auth_profile,
        registry=registry,
        operations=operations,
    )
