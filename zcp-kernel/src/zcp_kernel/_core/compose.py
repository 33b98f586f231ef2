"""Composition: an app, a configuration and the plugins become a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ..config import ServerConfig
from ..contracts import ExposureProfile, HandleStore, Operation, Stage, TaskStore
from ..errors import ConfigError, PluginError
from ..plugins import PluginHost
from .executor import RuntimeExecutor
from .exposure import Exposure, default_profiles
from .handles.service import Handles
from .handlers import core_operations
from .introduce import Introduction
from .kernel import Kernel
from .live import follow_changes
from .memory.handle_store import MemoryHandleStore
from .memory.task_store import MemoryTaskStore
from .registry.registry import Registry
from .tasks.engine import TaskEngine

if TYPE_CHECKING:
    from ..app import FastZCP

_PHASES = ("observe", "guard", "shape")


def compose(app: FastZCP, host: PluginHost, config: ServerConfig) -> Kernel:
    """Wire a kernel. Raises `PluginError`, `ConfigError` or `RegistrationError`, each saying what
    to do."""
    host.load()
    registry = Registry(app)
    host.register(registry, config)
    operations = _operations(host.operations(config))
    profiles: dict[str, ExposureProfile] = {each.name: each for each in host.profiles(config)}
    exposure = Exposure(
        registry.tools,
        profiles,
        default_profiles(
            app.default_tool_profile, app.default_tool_profiles, config.section("exposure")
        ),
        config.section("exposure"),
    )
    server, tasks = config.section("server"), config.section("tasks")
    stores = _stores(host, config)
    task_store: TaskStore = _chosen(stores, TaskStore, tasks.store, "tasks")
    kernel = Kernel(
        config=config,
        registry=registry,
        dialects={each.name: each for each in host.dialects(config)},
        operations=operations,
        stages=ordered(host.stages(config)),
        exposure=exposure,
        executor=RuntimeExecutor(
            registry.tools, exposure, config.section("tools"), server.mask_errors
        ),
        handles=Handles(
            _chosen(stores, HandleStore, config.section("handles").store, "handles"),
            config.section("handles"),
        ),
        tasks=lambda kernel: TaskEngine(
            task_store, tasks, kernel.spawn, mask_errors=server.mask_errors
        ),
        introduction=_introduction(app, registry, operations, config),
        lifespans=lambda kernel: [*_app_lifespan(app), *host.lifespans(kernel)],
    )
    follow_changes(kernel)
    return kernel


def ordered(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Outermost first: by phase, then so that every `before` and `after` holds; ties keep the order
    of plugins. Raises `PluginError` on a circle."""
    waiting = sorted(stages, key=lambda stage: _PHASES.index(stage.phase))
    placed: list[Stage] = []
    while waiting:
        for stage in waiting:
            others = [other for other in waiting if other is not stage]
            if not any(_precedes(other, stage) for other in others):
                break
        else:
            names = ", ".join(stage.name for stage in waiting)
            raise PluginError(f"stages {names} each want to stand before another: a circle")
        waiting.remove(stage)
        placed.append(stage)
    return tuple(placed)


def _precedes(first: Stage, second: Stage) -> bool:
    if first.phase != second.phase:
        return _PHASES.index(first.phase) < _PHASES.index(second.phase)
    return second.name in first.before or first.name in second.after


def _operations(further: Iterable[Operation]) -> dict[str, Operation]:
    operations = {operation.name: operation for operation in core_operations()}
    for operation in further:
        if operation.name in operations:
            raise PluginError(f"operation {operation.name!r} exists already; name yours otherwise")
        operations[operation.name] = operation
    return operations


def _stores(host: PluginHost, config: ServerConfig) -> list[Any]:
    limits = config.section("handles")
    return [
        MemoryTaskStore(),
        MemoryHandleStore(
            max_bytes_per_owner=limits.max_bytes_per_owner, max_bytes_total=limits.max_bytes_total
        ),
        *host.stores(config),
    ]


def _chosen(stores: Iterable[Any], contract: Any, name: str, section: str) -> Any:
    """The store configuration names: discovery is not activation."""
    found: Mapping[str, Any] = {
        store.name: store for store in stores if isinstance(store, contract)
    }
    if name not in found:
        raise ConfigError(
            f"[{section}] store = {name!r}: no such {contract.__name__}; known: "
            f"{', '.join(sorted(found))}. Is the plugin that brings it installed?"
        )
    return found[name]


def _introduction(
    app: FastZCP, registry: Registry, operations: dict[str, Operation], config: ServerConfig
) -> Introduction:
    extensions = {each.extension for each in operations.values() if each.extension is not None}
    return Introduction(
        name=config.section("server").service_name or app.name,
        version=app.version,
        title=app.title,
        description=app.description,
        website_url=app.website_url,
        icons=app.icons,
        instructions=app.instructions,
        auth_profile=app.auth_profile,
        registry=registry,
        extensions=tuple(sorted(extensions)),
        operations=operations,
    )


def _app_lifespan(app: FastZCP) -> list[Any]:
    if app.lifespan is None:
        return []
    lifespan = app.lifespan(app)
    if hasattr(lifespan, "__aenter__"):
        return [lifespan]
    return [asynccontextmanager(app.lifespan)(app)]
