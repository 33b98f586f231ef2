"""A server process for the tests of a module."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from server_process import Server, free_port, server
from ws_hosts import ENVIRON, HOSTS, command


@pytest.fixture(scope="module", params=HOSTS)
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[str, Server]]:
    """The kitchen under each ASGI server: its name, and the process."""
    port = free_port()
    folder = tmp_path_factory.mktemp(request.param)
    with server(command(request.param, port), port, folder, **ENVIRON) as running:
        yield request.param, running
