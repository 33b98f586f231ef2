"""What operators are told: health, readiness, metadata, metrics, and nothing secret."""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest
from http_core import AUTH, configured, site, weather
from zcp_kernel.app import FastZCP
from zcp_kernel.config import HandlesSection
from zcp_kernel.hookspecs import hookimpl
from zcp_transport_http import metrics as metrics_module
from zcp_transport_http.config import BearerAuthConfig, HTTPConfig
from zcp_transport_http.metrics import BUCKETS, Metrics
from zcp_transport_http.ops import probes

pytestmark = pytest.mark.anyio


# -- probes ----------------------------------------------------------------------------------------


async def test_health() -> None:
    async with site() as here:
        answer = await here.client("/healthz").request("GET")
    assert (answer.status, answer.message) == (200, {"status": "ok"})
    assert answer.headers["cache-control"] == "no-store"


class Far:
    """A handle store that may be out of reach."""

    name = "far"
    reachable = True
    hangs = False

    async def check(self) -> None:
        if self.hangs:
            await anyio.sleep_forever()
        if not self.reachable:
            raise ConnectionError("tcp://10.9.8.7 refused, password hunter2")

    async def put(self, handle: Any) -> None: ...
    async def get(self, handle_id: str) -> None: ...
    async def was_known(self, handle_id: str, owner: str) -> bool:
        return False

    async def list(self, owner: str, cursor: str | None, limit: int) -> Any: ...
    async def delete(self, handle_id: str) -> bool:
        return False

    async def expire(self, now: float) -> list[str]:
        return []

    async def next_expiry(self) -> None: ...


class Stores:
    name = "stores"

    def __init__(self, store: Far) -> None:
        self._store = store

    @hookimpl
    def zcp_stores(self, config: Any) -> list[Far]:
        return [self._store]


async def test_readiness_asks_the_stores_in_use(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Far()
    app = FastZCP("A", plugins=[Stores(far)])
    monkeypatch.setattr(probes, "CHECK_SECONDS", 0.05)
    async with site(app, handles=HandlesSection(store="far")) as here:
        ready = here.client("/readyz")
        assert (await ready.request("GET")).message["checks"] == {"server": "ok", "store:far": "ok"}
        far.reachable = False
        refused = await ready.request("GET")
        assert refused.status == 503
        assert refused.message["checks"]["store:far"] == "unreachable"
        assert b"10.9.8.7" not in refused.body, "where it is, is for the log"
        assert "10.9.8.7" in caplog.text
        far.reachable, far.hangs = True, True
        assert (await ready.request("GET")).status == 503
        assert (await here.client("/healthz").request("GET")).status == 200


async def test_a_store_that_is_not_used_is_not_asked() -> None:
    far = Far()
    far.reachable = False
    async with site(FastZCP("A", plugins=[Stores(far)])) as here:
        assert (await here.client("/readyz").request("GET")).status == 200


# -- metadata --------------------------------------------------------------------------------------


async def test_metadata_describes_the_service() -> None:
    server = {"service_name": "weather-backend", "environment": "production"}
    auth = BearerAuthConfig(token="s3cret", scopes=("weather.read", "weather.secret"))
    async with site(server=server, auth=auth) as here:
        client = here.client(**AUTH)
        await client.initialize()
        await client.post(client.tool("add", {"a": 1, "b": 2}))
        await client.post(client.tool("refusing"))
        answer = await here.client("/metadata").request("GET")
    told = answer.message
    assert told["service"] == {
        "name": "weather-backend", "version": "2.1.0", "environment": "production",
    }  # fmt: skip
    assert told["versions"]["zcp-kernel"]
    assert told["surfaces"]["mcp"]["revisions"][0] == "2024-11-05"
    assert told["surfaces"]["mcp"]["revisions"][-1] == "2026-07-28"
    assert told["surfaces"]["zcp"] == {
        "path": "/zcp", "methods": ["GET", "POST", "DELETE"], "revisions": ["zcp/1"],
    }  # fmt: skip
    assert told["exposure"]["mcp"] == {"defaultProfile": None, "tools": 5}
    assert told["counts"]["tools"] == 5
    assert told["authentication"] == {"required": True, "ways": ["bearer"]}
    assert told["metrics"]["sessions"] == 1
    assert (told["metrics"]["toolCalls"], told["metrics"]["toolCallsFailed"]) == (2, 1)
    assert b"s3cret" not in answer.body


async def test_metadata_names_the_default_profiles() -> None:
    app = weather(default_tool_profile="semantic-workflow")
    async with site(app) as here:
        told = (await here.client("/metadata").request("GET")).message
    assert told["exposure"]["native"]["defaultProfile"] == "semantic-workflow"
    assert told["exposure"]["mcp"]["defaultProfile"] is None


# -- metrics ---------------------------------------------------------------------------------------

LINE = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+')


async def text_of(here: Any) -> str:
    answer = await here.client("/metrics").request("GET")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return str(answer.body.decode())


async def test_metrics_count_what_happened() -> None:
    async with site() as here:
        client = here.client()
        await client.initialize()
        for tool, arguments in (
            ("add", {"a": 1, "b": 2}), ("add", {"a": 1, "b": 2}), ("refusing", {}), ("secret", {}),
            ("nothing-like-it", {}), ("broken", {}),
        ):  # fmt: skip
            await client.post(client.tool(tool, arguments))
        await here.client("/nowhere").request("GET")
        async with client.open("GET"):
            text = await text_of(here)
        with anyio.fail_after(5):
            while "zcp_streams 0" not in (await text_of(here)).splitlines():
                await anyio.wait_all_tasks_blocked()
    for line in (
        'zcp_http_requests_total{route="unknown",status="404"} 1',
        'zcp_http_requests_total{route="mcp",status="403"} 1',
        'zcp_http_request_seconds_bucket{route="mcp",le="+Inf"} 9',
        'zcp_http_request_seconds_count{route="mcp"} 9',
        'zcp_tool_calls_total{tool="add",outcome="ok"} 2',
        'zcp_tool_calls_total{tool="refusing",outcome="error"} 1',
        'zcp_tool_calls_total{tool="broken",outcome="error"} 1',
        'zcp_tool_calls_total{tool="secret",outcome="forbidden"} 1',
        'zcp_tool_calls_total{tool="(unknown)",outcome="error"} 1',
        "zcp_sessions 1",
        "zcp_streams 1",
        "# TYPE zcp_http_request_seconds histogram",
    ):
        assert line in text.splitlines(), line
    assert all(LINE.fullmatch(line) for line in text.splitlines() if not line.startswith("#"))


async def test_a_cancelled_call_is_no_failure() -> None:
    async with site() as here:
        client = here.client()
        await client.initialize()
        call = client.tool("slow", {"seconds": 30})
        async with anyio.create_task_group() as calls:
            calls.start_soon(client.post, call)
            await anyio.sleep(0.05)
            cancel = {
                "jsonrpc": "2.0", "method": "notifications/cancelled",
                "params": {"requestId": call["id"]},
            }  # fmt: skip
            await client.post(cancel)
        assert 'zcp_tool_calls_total{tool="slow",outcome="cancelled"} 1' in await text_of(here)
        told = (await here.client("/metadata").request("GET")).message
        assert told["metrics"]["toolCallsFailed"] == 0


def test_buckets_are_cumulative_and_bounds_are_inclusive() -> None:
    metrics = Metrics()
    for seconds in (0.0005, BUCKETS[0], 0.7, 99.0):
        metrics.answered("mcp", 200, seconds)
    text = metrics.text({}).decode()
    buckets = re.findall(r'bucket\{route="mcp",le="([^"]+)"\} (\d+)', text)
    assert len(buckets) == len(BUCKETS) + 1
    assert dict(buckets)["0.001"] == "2"
    assert (dict(buckets)["0.5"], dict(buckets)["1.0"], dict(buckets)["+Inf"]) == ("2", "3", "4")


async def test_names_of_tools_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "MAX_TOOLS", 3)
    app = FastZCP("Many")

    def register(number: int) -> None:
        @app.tool(name=f't"{number}')
        def tool() -> int:
            return number

    for number in range(6):
        register(number)
    async with site(app) as here:
        client = here.client("/zcp")
        for number in range(6):
            await client.post(client.tool(f't"{number}'))
        text = await text_of(here)
    assert text.count("zcp_tool_calls_total{") == 4
    assert 'zcp_tool_calls_total{tool="(other)",outcome="ok"} 3' in text
    assert 'tool="t\\"0"' in text


def test_without_metrics_nothing_is_counted_on_the_way() -> None:
    with_them = configured(FastZCP("A"))
    without = configured(FastZCP("A"), {"http": HTTPConfig(metrics_path="")})
    staged = [each.name for each in with_them.kernel._stages]  # pyright: ignore[reportPrivateUsage]
    bare = [each.name for each in without.kernel._stages]  # pyright: ignore[reportPrivateUsage]
    assert "metrics" in staged
    assert "metrics" not in bare


def test_an_app_that_is_not_served_over_http_has_no_stage_for_it() -> None:
    from zcp_kernel.config import ServerConfig

    app = FastZCP("A")
    kernel = app.compose(ServerConfig.load(app.host, environ={}))
    names = [each.name for each in kernel._stages]  # pyright: ignore[reportPrivateUsage]
    assert "metrics" not in names
