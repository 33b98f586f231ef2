"""`ZCPServerConfig` turns typed keywords into sections."""

from __future__ import annotations

from types import ModuleType

from attrs import frozen
from zcp_kernel.config import (
    HandlesSection,
    ServerSection,
    TasksSection,
    ToolExposureConfig,
    ToolsSection,
)
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.plugins import PluginHost

from zcp.settings import ZCPServerConfig


@frozen
class AcmeSection:
    count: int = 1


def test_typed_keywords_become_sections() -> None:
    settings = ZCPServerConfig(
        service_name="weather",
        environment="production",
        page_size=10,
        mask_errors=True,
        local_scopes=("a",),
        tools=ToolsSection(max_threads=2),
        tasks=TasksSection(max_per_owner=3),
        handles=HandlesSection(ttl_ms=1),
        tool_exposure=ToolExposureConfig(default_profile="semantic-workflow"),
    )
    config = settings.server_config(PluginHost(discover=False), environ={})
    assert config.section("server") == ServerSection("weather", "production", 10, True, ("a",))
    assert config.section("tools").max_threads == 2
    assert config.section("tasks").max_per_owner == 3
    assert config.section("handles").ttl_ms == 1
    assert config.section("exposure").default_profile == "semantic-workflow"


def test_typed_keywords_leave_the_rest_to_the_environment() -> None:
    plugin = ModuleType("acme")
    plugin.__dict__["zcp_config_sections"] = hookimpl(lambda: {"acme": AcmeSection})
    host = PluginHost([plugin], discover=False)
    settings = ZCPServerConfig(environment="development", more={"acme": {"count": 2}})
    config = settings.server_config(
        host,
        environ={"ZCP_SERVER__ENVIRONMENT": "production", "ZCP_SERVER__SERVICE_NAME": "env"},
    )
    assert config.section("server") == ServerSection("env", "development")
    assert config.section("acme").count == 2


def test_no_keywords_are_no_sections() -> None:
    assert ZCPServerConfig().sections() == {}
