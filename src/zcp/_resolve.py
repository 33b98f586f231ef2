"""Imports a public name when it is first asked for; says how to install what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ._origins import ORIGINS

DISTRIBUTION = "zero-context-protocol-sdk"

SUBMODULES = frozenset({"sync"})
"""Modules of this package that `import zcp` is enough for: `zcp.sync.connect(…)`."""

Origins = Mapping[str, tuple[str, str | None]]


class MissingExtraError(ImportError):
    """A public name whose distribution is not installed; the message has the pip command."""

    def __init__(self, name: str, module: str, extra: str | None) -> None:
        package = f"{DISTRIBUTION}[{extra}]" if extra else DISTRIBUTION
        super().__init__(
            f"zcp.{name} needs {module.partition('.')[0]}, which is not installed: "
            f'pip install "{package}"',
            name=module,
        )


def resolve(name: str, origins: Origins = ORIGINS) -> Any:
    """The object of a public name.

    Raises `AttributeError` for no such name (with the near ones), `MissingExtraError` when its
    distribution is not installed.
    """
    if name in SUBMODULES:
        return import_module(f"{__package__}.{name}")
    if name not in origins:
        raise AttributeError(_unknown(name, origins), name=name)
    module, extra = origins[name]
    if not is_installed(module):
        raise MissingExtraError(name, module, extra)
    return getattr(import_module(module), name)


def installed(origins: Origins = ORIGINS) -> list[str]:
    """The public names whose distributions are installed, sorted."""
    return sorted(name for name, (module, _) in origins.items() if is_installed(module))


def is_installed(module: str) -> bool:
    """Whether the package a module belongs to can be found; nothing of it is imported."""
    return _has_package(module.partition(".")[0])


@cache
def _has_package(package: str) -> bool:
    return find_spec(package) is not None


def _unknown(name: str, origins: Origins) -> str:
    near = get_close_matches(name, origins, 1)
    hint = f". Did you mean: {near[0]!r}?" if near else ""
    return f"module 'zcp' has no attribute {name!r}{hint}"
