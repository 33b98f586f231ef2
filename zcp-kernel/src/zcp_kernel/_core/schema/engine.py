"""Which engine checks schemas here."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.util import find_spec

from ...contracts import SchemaEngine
from ...errors import ConfigError

VARIABLE = "ZCP_SCHEMA_ENGINE"


def default_engine() -> SchemaEngine:
    """The exact engine where jsonschema-rs is installed, the pure-Python one otherwise.

    The environment variable `ZCP_SCHEMA_ENGINE` (`rs` or `pure`) decides instead. Raises
    `ConfigError` when it names another, or `rs` where the library is missing.
    """
    wanted = os.environ.get(VARIABLE)
    if wanted not in (None, "", "rs", "pure"):
        raise ConfigError(f"{VARIABLE}={wanted}: there are the engines rs and pure")
    has_rs = find_spec("jsonschema_rs") is not None
    if wanted == "rs" and not has_rs:
        raise ConfigError(f'{VARIABLE}=rs needs jsonschema-rs: pip install "zcp-kernel[rs]"')
    return _engine(wanted or ("rs" if has_rs else "pure"))


@lru_cache
def _engine(name: str) -> SchemaEngine:
    if name == "rs":
        from .rs import RsEngine

        return RsEngine()
    from .pure import PureEngine

    return PureEngine()
