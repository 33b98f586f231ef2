"""For every sample of the guides: how it is run, and what must come of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import frozen

from tests.seeds import checks
from tests.seeds.checks import Ask, Client
from tests.seeds.running import Namespace


@frozen
class Whole:
    """A complete program: executed as it stands. `check` gets its names and what it printed."""

    check: Callable[[Namespace, str], None]


@frozen
class OnAnApp:
    """Decorators on an `app` made beforehand, which is then called by an in-process client."""

    check: Callable[[Client], Awaitable[None]]


@frozen
class InASession:
    """Statements in a running event loop. `given` makes the names it takes for granted."""

    given: Callable[[], Awaitable[Namespace]]
    check: Callable[[Namespace], Awaitable[None]]


@frozen
class Served:
    """A program that serves stdio: started as a subprocess, after `preamble`, and talked to."""

    check: Callable[[Client], Awaitable[None]]
    preamble: str = ""


@frozen
class Hosted:
    """A program that makes `application`: executed after `preamble`, then spoken to over HTTP."""

    check: Callable[[Ask], Awaitable[None]]
    preamble: str = ""


How = Whole | OnAnApp | InASession | Served | Hosted


# -- the table -------------------------------------------------------------------------------------

A_GREETER = """
from zcp import FastZCP

app = FastZCP("Greeter")


@app.tool
def greet(name: str) -> str:
    return f"Hello {name}"


"""

SERVER: list[tuple[str, str, How]] = [
    ("Server Model", "服务器模型", Whole(checks.an_app_can_be_made)),
    (
        "End-To-End ASGI Example",
        "端到端 ASGI 示例",
        Hosted(checks.the_hosted_weather_is_guarded),
    ),
    (
        "Semantic Workflow Tool Exposure",
        "语义工作流工具暴露",
        InASession(checks.a_client, checks.only_the_workflow_is_listed),
    ),
    (
        "Complete File Example: Hosted Dual-Surface Service",
        "完整文件示例:托管双表面服务",
        Hosted(checks.the_hosted_weather_is_guarded),
    ),
    ("Define Tools", "定义工具", OnAnApp(checks.the_weather_has_a_unit)),
    ("Define Resources And Templates", "定义资源与模板", OnAnApp(checks.cities_can_be_read)),
    (
        "Define Prompts And Completions",
        "定义提示词与 Completion",
        OnAnApp(checks.the_prompt_completes),
    ),
    ("Define Tasks", "定义任务", OnAnApp(checks.the_task_refreshes)),
    (
        "Task-Capable Tool Pattern",
        "支持任务的工具模式",
        OnAnApp(checks.the_tool_refreshes_both_ways),
    ),
    (
        "Explicit Task Handler Pattern",
        "显式任务处理器模式",
        OnAnApp(checks.the_import_tells_its_steps),
    ),
    (
        "Expose A Stdio Server",
        "暴露 Stdio 服务器",
        Served(checks.the_greeting_is_served, preamble=A_GREETER),
    ),
    (
        "Complete File Example: MCP-First Stdio Service",
        "完整文件示例:MCP 优先的 Stdio 服务",
        Served(checks.the_whole_service_is_served),
    ),
    (
        "Expose An ASGI Server",
        "暴露 ASGI 服务器",
        Hosted(checks.tokens_are_issued_and_needed, preamble=A_GREETER),
    ),
    ("MCP-Compatible Stdio Example", "MCP 兼容的 Stdio 示例", Served(checks.the_weather_is_served)),
    (
        "End-To-End Example: One Hosted Service, Two Surfaces",
        "端到端示例:一个托管服务,两种表面",
        Hosted(checks.tokens_are_issued_and_needed),
    ),
]

TABLE: dict[str, How] = {
    **{f"server: {english}": how for english, _, how in SERVER},
    **{f"server.zh: {chinese}": how for _, chinese, how in SERVER},
    "client: Local Client Example": Whole(checks.the_sum_is_five),
    "client: Semantic Tool Discovery": InASession(checks.the_app, checks.the_workflow_is_selected),
    "client: Task-Aware Client Example": Whole(checks.the_city_is_refreshed),
    "client: End-To-End Example: Task-Aware Native Client": Whole(checks.the_cache_is_refreshed),
    "client: Complete File Example: Multi-Backend Orchestrator": Whole(
        checks.both_backends_are_listed
    ),
    "client: Hooked Client Example": Whole(checks.a_review_is_created),
    "client: Hooked Client Example (2)": InASession(
        checks.a_server, checks.the_client_has_its_hooks
    ),
    "client: Session Group Example": InASession(
        checks.three_sessions, checks.three_backends_are_merged
    ),
    "transports: Stdio": Served(checks.it_introduces_itself),
    "api-reference: ZCP Python SDK API Reference": Whole(checks.the_package_is_there),
}
