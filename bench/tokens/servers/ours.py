"""zcp: the same functions on one app, which every plane and profile of ours serves."""

from zcp_kernel.config import ToolsSection
from zcp_profiles.native.section import NativeSection

from zcp import FastZCP, ZCPServerConfig

from ..sheets.registering import Registration


def app_of(registration: Registration) -> FastZCP:
    """The app. From here on this process works on the registration's folder."""
    app = FastZCP("sheets")
    for tool in registration.offered():
        groups = ["workflow"] if tool.is_workflow else ["primitive"]
        app.tool(name=tool.name, meta={"groups": groups})(tool.function)
    return app


def config_of(*, pipelines: bool, handles: bool) -> ZCPServerConfig:
    """With or without the tool `run_pipeline`, and with or without keeping large results."""
    tools = ToolsSection() if handles else ToolsSection(inline_max_bytes=1 << 30)
    return ZCPServerConfig(tools=tools, more={"native": NativeSection(pipeline_tool=pipelines)})
