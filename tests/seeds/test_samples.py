"""Every sample of the guides does what the guide says, unchanged, on asyncio and trio."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from http_core import running
from zcp_kernel.client import ZCPClientSession

import zcp
from tests.seeds.guides import samples
from tests.seeds.running import Namespace, run_inside, run_whole
from tests.seeds.table import TABLE, Hosted, InASession, OnAnApp, Served, Whole

SAMPLES = samples()


def ids_of(kind: type) -> list[str]:
    return [name for name, how in TABLE.items() if isinstance(how, kind)]


def test_the_table_has_every_sample_and_no_other() -> None:
    assert set(TABLE) == set(SAMPLES)


@pytest.mark.parametrize("name", ids_of(Whole))
def test_a_whole_program(name: str, anyio_backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    how: Any = TABLE[name]
    names = run_whole(SAMPLES[name].source, anyio_backend)
    how.check(names, capsys.readouterr().out)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ids_of(OnAnApp))
async def test_decorators_on_an_app(name: str, anyio_backend: str) -> None:
    how: Any = TABLE[name]
    app = zcp.FastZCP("Weather Backend")
    await run_inside(SAMPLES[name].source, anyio_backend, {"app": app})
    server = zcp.stdio_server(app)
    async with server, zcp.stdio_client(server) as client:
        await how.check(client)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ids_of(InASession))
async def test_statements_in_a_session(name: str, anyio_backend: str) -> None:
    how: Any = TABLE[name]
    namespace: Namespace = await how.given()
    try:
        await run_inside(SAMPLES[name].source, anyio_backend, namespace)
        await how.check(namespace)
    finally:
        for session in _sessions(namespace):
            await session.close()


def _sessions(namespace: Namespace) -> Iterator[ZCPClientSession]:
    for value in namespace.values():
        if isinstance(value, ZCPClientSession):
            yield value


@pytest.mark.anyio
@pytest.mark.parametrize("surface", ["native", "mcp"])
@pytest.mark.parametrize("name", ids_of(Served))
async def test_a_stdio_server(name: str, surface: str, anyio_backend: str, tmp_path: Path) -> None:
    how: Any = TABLE[name]
    program = tmp_path / "server.py"
    program.write_text(how.preamble + SAMPLES[name].source, encoding="utf-8")
    client = zcp.stdio_client([sys.executable, str(program)], prefer=[surface])
    async with client:
        await how.check(client)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ids_of(Hosted))
async def test_a_hosted_application(
    name: str, anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    how: Any = TABLE[name]
    application = run_whole(how.preamble + SAMPLES[name].source, anyio_backend)["application"]
    async with running(application) as here:

        async def ask(
            method: str, path: str, body: Any = None, token: str | None = None
        ) -> tuple[int, Any]:
            headers = {} if token is None else {"authorization": f"Bearer {token}"}
            client = here.client(path, **headers)
            if body is None:
                answer = await client.request(method)
            else:
                answer = await client.post(body)
            return answer.status, answer.message

        await how.check(ask)
