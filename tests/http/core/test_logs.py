"""Log records with the request, session, principal and trace they belong to."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from http_core import AUTH, configured, site, weather
from zcp_kernel.app import FastZCP
from zcp_kernel.errors import ConfigError
from zcp_transport_http.config import BearerAuthConfig, HTTPConfig, LogConfig

pytestmark = pytest.mark.anyio

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(autouse=True)
def _logger_as_it_was() -> Iterator[None]:
    logger = logging.getLogger("zcp")
    before = logger.handlers[:], logger.level, logger.propagate
    yield
    logger.handlers[:], logger.level, logger.propagate = before


def logging_app() -> FastZCP:
    app = FastZCP("Logs")

    @app.tool
    async def say(word: str) -> str:
        await anyio.sleep(0.01)
        logging.getLogger("zcp.mine").info("said %s", word, extra={"word": word})
        return word

    @app.tool
    def say_in_a_thread() -> str:
        logging.getLogger("zcp.mine").info("from a thread")
        return ""

    return app


async def lines_of(capsys: Any, settings: LogConfig, **sections: Any) -> list[str]:
    async with site(logging_app(), log=settings, **sections) as here:
        trace = f"00-{TRACE}-b7ad6b7169203331-01"
        client = here.client(traceparent=trace, **AUTH)
        await client.initialize()
        async with anyio.create_task_group() as calls:
            for word in ("one", "two"):
                headers = {"x-request-id": f"id of\x00 {word}"}
                calls.start_soon(client.post, client.tool("say", {"word": word}), headers)
        await client.post(client.tool("say_in_a_thread"))
    return [line for line in capsys.readouterr().err.splitlines() if line]


async def test_json_lines_name_the_request_they_belong_to(capsys: Any) -> None:
    auth = BearerAuthConfig(token="s3cret", subject="robot")
    lines = await lines_of(capsys, LogConfig(format="json"), auth=auth)
    records = [json.loads(line) for line in lines]
    said = {each["word"]: each for each in records if each["message"].startswith("said")}
    assert said["one"]["request"] == "idofone"
    assert said["two"]["request"] == "idoftwo"
    for record in said.values():
        assert (record["level"], record["logger"]) == ("info", "zcp.mine")
        assert record["principal"] == "robot"
        assert record["trace"] == TRACE
        assert len(record["session"]) >= 22
        assert record["time"].endswith("Z")
    (threaded,) = [each for each in records if each["message"] == "from a thread"]
    assert threaded["principal"] == "robot"
    access = [each for each in records if each["logger"] == "zcp.access"]
    assert access[0]["message"] == "POST /mcp"
    assert access[0]["status"] == 200
    assert access[0]["seconds"] > 0
    assert not any("s3cret" in line for line in lines)


async def test_console_lines_are_for_people(capsys: Any) -> None:
    lines = await lines_of(capsys, LogConfig(format="console"))
    (line,) = [each for each in lines if "said one" in each]
    assert "info" in line
    assert "request=idofone" in line


async def test_the_level_is_the_least_that_is_written(capsys: Any) -> None:
    assert await lines_of(capsys, LogConfig(format="json", level="error")) == []


async def test_without_a_format_logging_is_the_programs_own(capsys: Any) -> None:
    before = logging.getLogger("zcp").handlers[:]
    assert await lines_of(capsys, LogConfig()) == []
    assert logging.getLogger("zcp").handlers == before


async def test_an_unexpected_exception_is_logged_and_not_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with site() as here:

        async def broken(request: Any, send: Any) -> None:
            raise RuntimeError("hunter2")

        routes = here.application.composition.router.routes
        (health,) = [route for route in routes if route.name == "health"]
        dict.__setitem__(health.methods, "GET", broken)  # type: ignore[arg-type]
        answer = await here.client("/healthz").request("GET")
    assert answer.status == 500
    assert b"hunter2" not in answer.body
    assert "hunter2" in caplog.text


# -- production ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("environment", "told"), [("development", True), ("production", False)])
async def test_production_tells_no_internals(environment: str, told: bool) -> None:
    async with site(weather(), server={"environment": environment}) as here:
        client = here.client("/zcp")
        broken = await client.post(client.tool("broken"))
        refusing = await client.post(client.tool("refusing"))
    assert (b"hunter2" in broken.body) is told
    assert b'"no"' in refusing.body, "what a handler says on purpose is told"


def test_production_refuses_debug_output() -> None:
    sections = {"server": {"environment": "production"}, "log": LogConfig(level="debug")}
    with pytest.raises(ConfigError, match="not for production"):
        configured(weather(), sections)


def test_production_warns_of_a_host_check_that_is_off(caplog: pytest.LogCaptureFixture) -> None:
    http = HTTPConfig(allowed_hosts=("*",))
    sections = {"server": {"environment": "production"}, "http": http}
    configured(weather(), sections).composition.advise()
    assert "allowed_hosts" in caplog.text
