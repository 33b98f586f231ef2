"""Joins the results of the hooks that hand over something other than plain named objects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

from attrs import evolve, has

from ...contracts import (
    Bus,
    EventLog,
    HandleStore,
    KeyRing,
    KeyStore,
    OnceStore,
    RateStore,
    SessionStore,
    TaskStore,
    Transport,
)
from .merge import HookResult, check_shape, claim, mapping, members, named, sequence

_SECTION_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""No double underscore: it parts section and field in `ZCP_SECTION__FIELD`."""


def sections(results: Iterable[HookResult]) -> dict[str, type]:
    merged: dict[str, type] = {}
    owners: dict[str, HookResult] = {}
    for result in results:
        for name, section in mapping(result, "section class").items():
            if not _SECTION_NAME.fullmatch(name):
                raise result.wrong(
                    f"names a section {name!r}; use lower-case words joined by single underscores"
                )
            if not (isinstance(section, type) and has(section)):
                raise result.wrong(f"gave {section!r} for section '{name}', not an attrs class")
            claim(owners, name, result, "configuration section")
            merged[name] = section
    return merged


def transports(results: list[HookResult]) -> list[Transport]:
    results = [evolve(result, value=sequence(result, "transport")) for result in results]
    merged: list[Transport] = named(results, Transport, "transport")
    owners: dict[str, HookResult] = {}
    for result in results:
        for transport in result.value:
            for scheme in transport.schemes:
                claim(owners, scheme, result, "transport for URL scheme")
    return merged


_STORES: dict[str, type] = {
    "task store": TaskStore,
    "handle store": HandleStore,
    "key ring": KeyRing,
    "key store": KeyStore,
    "session store": SessionStore,
    "rate store": RateStore,
    "event log": EventLog,
    "bus": Bus,
    "once store": OnceStore,
}


def stores(results: Iterable[HookResult]) -> list[Any]:
    """A store that fulfils no contract is an error, and so are two of one kind and name."""
    merged: list[Any] = []
    owners: dict[str, dict[str, HookResult]] = {kind: {} for kind in _STORES}
    for result in results:
        for store in sequence(result, "store"):
            for kind in _kinds_of(result, store):
                check_shape(result, store, _STORES[kind], kind)
                claim(owners[kind], store.name, result, kind)
            merged.append(store)
    return merged


def _kinds_of(result: HookResult, store: object) -> list[str]:
    kinds = [kind for kind, contract in _STORES.items() if isinstance(store, contract)]
    if not kinds:
        needs = "; ".join(f"a {kind}: {', '.join(members(c))}" for kind, c in _STORES.items())
        raise result.wrong(f"gave a {type(store).__name__}, which is no store ({needs})")
    return kinds


def mounts(results: Iterable[HookResult]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    owners: dict[str, HookResult] = {}
    for result in results:
        for path, application in mapping(result, "ASGI application").items():
            if not path.startswith("/"):
                raise result.wrong(f"mounts at {path!r}; a path begins with '/'")
            if not callable(application):
                raise result.wrong(f"mounts {application!r} at '{path}', which is not callable")
            claim(owners, path, result, "mount")
            merged[path] = application
    return merged


def lifespans(results: Iterable[HookResult]) -> list[AbstractAsyncContextManager[None]]:
    for result in results:
        if not isinstance(result.value, AbstractAsyncContextManager):
            raise result.wrong(f"returned {result.value!r}, not an async context manager")
    return [result.value for result in results]
