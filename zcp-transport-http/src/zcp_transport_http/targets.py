"""What to serve, by name: `module:attribute` or `file.py:attribute`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zcp_kernel.errors import SetupError

from .app import ZCPASGIApp, create_asgi_app

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP

KEPT = ("application", "app")
"""Names looked for first when a target names none."""


def application_of(target: str | FastZCP | ZCPASGIApp, toml: str | None = None) -> ZCPASGIApp:
    """The ASGI application of a target: an app (composed with the environment, over the TOML file),
    an application, or the name of either.

    Raises `SetupError` when there is none by that name, and what composing raises.
    """
    from zcp_kernel.app import FastZCP
    from zcp_kernel.config import ServerConfig

    found: Any = load(target) if isinstance(target, str) else target
    if isinstance(found, FastZCP):
        return create_asgi_app(found, ServerConfig.load(found.host, toml=toml))
    if not isinstance(found, ZCPASGIApp):
        raise SetupError(f"{target} is a {type(found).__name__}, neither FastZCP nor ZCPASGIApp")
    if toml is not None:
        raise SetupError(
            f"{target} brings its configuration; give the FastZCP it was made from to use {toml}"
        )
    return found


def load(target: str) -> Any:
    """Import what a target names; without an attribute, its `application`, its `app`, or the only
    FastZCP there is. Raises `SetupError`."""
    source, colon, attribute = target.rpartition(":")
    if not colon or not attribute.isidentifier():
        source, attribute = target, ""
    try:
        module = _module(source)
    except SetupError:
        raise  # it names the place itself
    except (Exception, SystemExit) as error:
        raise SetupError(f"cannot load {source}: {type(error).__name__}: {error}") from error
    if attribute:
        if not hasattr(module, attribute):
            raise SetupError(f"{source} has no {attribute!r}")
        return getattr(module, attribute)
    return _only(module, source)


def _module(source: str) -> ModuleType:
    path = Path(source)
    folder = path.resolve().parent if path.suffix == ".py" else Path.cwd()
    if sys.path[:1] != [str(folder)]:
        sys.path.insert(0, str(folder))
    if path.suffix != ".py":
        return importlib.import_module(source)
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None or not path.is_file():
        raise SetupError(f"there is no file {source}")
    module = importlib.util.module_from_spec(spec)
    # Type hints, pickles and dataclasses look their module up by name.
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _only(module: ModuleType, source: str) -> Any:
    from zcp_kernel.app import FastZCP

    for name in KEPT:
        if isinstance(getattr(module, name, None), (FastZCP, ZCPASGIApp)):
            return getattr(module, name)
    apps = {name: each for name, each in vars(module).items() if isinstance(each, FastZCP)}
    if len({id(each) for each in apps.values()}) != 1:
        listed = ", ".join(f"{source}:{name}" for name in apps) or "none"
        raise SetupError(f"say which app of {source} to serve; there is {listed}")
    return next(iter(apps.values()))
