"""The contract of plugins, as a suite to subclass:

class TestMyPlugin(PluginContract):
    @pytest.fixture
    def plugin(self):
        return my_package.plugin
"""

from __future__ import annotations

import pytest

from ..app import FastZCP
from ..config import ServerConfig
from ..plugins import PluginHost
from ..runtime import Kernel

HOST_READS = ("config_sections", "transports")
COMPOSE_READS = ("dialects", "operations", "stages", "authenticators", "profiles", "stores")


def composed_with(plugin: object) -> Kernel:
    """An empty app, composed with this plugin and no other, environment and files left out."""
    app = FastZCP("contract", plugins=[plugin], discover=False)
    return app.compose(ServerConfig.load(app.host, environ={}))


class PluginContract:
    """What every plugin does. A subclass gives the fixture `plugin`: what its entry point names."""

    def test_the_host_admits_it(self, plugin: object) -> None:
        mine = PluginHost([plugin], discover=False).report()[-1]
        assert mine.status == "ok", mine.problem
        assert mine.hooks, "it implements no hook, so it does nothing"

    def test_every_hook_hands_over_what_the_host_expects(self, plugin: object) -> None:
        host = PluginHost([plugin], discover=False)
        for name in HOST_READS:
            getattr(host, name)()
        config = ServerConfig.load(host, environ={})
        for name in COMPOSE_READS:
            getattr(host, name)(config)

    def test_apps_are_composed_with_it_independently(self, plugin: object) -> None:
        first, second = composed_with(plugin), composed_with(plugin)
        for one, other in zip(
            first.registry.catalogues(), second.registry.catalogues(), strict=True
        ):
            assert list(one.keys()) == list(other.keys())
        assert first.operations.keys() == second.operations.keys()

    @pytest.mark.anyio
    async def test_a_server_with_it_starts_and_stops(self, plugin: object) -> None:
        async with composed_with(plugin).running():
            pass
