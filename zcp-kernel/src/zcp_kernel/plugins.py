"""Finding, loading and asking plugins."""

from ._core.host import HookResult, PluginHost, PluginReport

__all__ = ["HookResult", "PluginHost", "PluginReport"]
