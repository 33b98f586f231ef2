"""Which era and revision is found, with every kind of server (MCP 2026-07-28, basic/versioning)."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from zcp_kernel._core.client.joining import verdicts
from zcp_kernel.client import session_over
from zcp_kernel.errors import (
    ConfigError,
    ConnectionLost,
    DeadlineExceeded,
    ExchangeRefused,
    InvalidRequest,
    RemoteError,
    RevisionRefused,
)
from zcp_kernel.jsontext import loads
from zcp_profiles.mcp.dialect import MCPDialect

from .conftest import SILENCE, RefusalError
from .eras import (
    MODERN,
    Exchanges,
    Server,
    both,
    described,
    handshake,
    legacy,
    lost,
    mcp,
    modern,
    refused,
    unknown,
    until,
)

pytestmark = pytest.mark.anyio

MCP_OFFER = (MODERN, "2025-11-25")


async def agreed(server: Any, **options: Any) -> dict[str, Any]:
    options.setdefault("dialects", both())
    with anyio.fail_after(10):
        async with session_over(server.connect, **options) as client:
            return await client.initialize()


def refusing(code: int, data: Any = None) -> Any:
    def answer(params: Any) -> Any:
        raise RefusalError(code, "no", data)

    return answer


# -- over one pipe ---------------------------------------------------------------------------------

TABLE: dict[str, tuple[dict[str, Any], str]] = {
    "handshake only": ({"initialize": handshake()}, "2025-11-25"),
    "an old handshake": ({"initialize": handshake("2024-11-05")}, "2024-11-05"),
    "handshake, other code": (
        {"initialize": handshake(), "server/discover": refusing(-32602)},
        "2025-11-25",
    ),
    "handshake, any answer": ({"initialize": handshake(), "server/discover": {}}, "2025-11-25"),
    "handshake, silent": ({"initialize": handshake(), "server/discover": SILENCE}, "2025-11-25"),
    "handshake, null": (
        {"initialize": handshake(), "server/discover": {"supportedVersions": None}},
        "2025-11-25",
    ),
    "stateless only": ({"server/discover": described()}, MODERN),
    "stateless, silent": ({"initialize": SILENCE, "server/discover": described()}, MODERN),
    "both eras": ({"initialize": handshake(), "server/discover": described()}, MODERN),
}


@pytest.mark.parametrize("kind", TABLE)
@pytest.mark.parametrize("native", [True, False])
async def test_the_era_is_found(kind: str, native: bool) -> None:
    answers, version = TABLE[kind]
    server = Server(**{"initialize": unknown, **answers})
    result = await agreed(server, dialects=both() if native else mcp())
    assert result["protocolVersion"] == version
    name = "Modern" if version == MODERN else "Legacy"
    assert result["serverInfo"]["name"] == name
    assert result["instructions"] == "Be kind."
    assert isinstance(result["capabilities"], dict)
    assert server.connections == 1


async def test_a_server_that_dies_of_the_question_is_shaken_hands_with() -> None:
    server = legacy()

    async def die(params: Any) -> Any:
        await server.hang_up()
        return SILENCE

    server.answers["server/discover"] = die
    result = await agreed(server, dialects=mcp())
    assert result["protocolVersion"] == "2025-11-25"
    assert server.connections == 2


async def test_a_server_that_answers_late_is_still_heard() -> None:
    server = modern()

    async def late(params: Any) -> Any:
        await until(lambda: "initialize" in server.methods())
        return described()

    started: list[Any] = []

    async def answer(message: dict[str, Any]) -> None:
        started.append(message["method"])
        await Server._answer(server, message)

    async def serve(channel: Any) -> None:
        # Answers come in no order: the question waits for the handshake to be refused.
        async with anyio.create_task_group() as group:
            while True:
                try:
                    message = loads(await channel.receive())
                except anyio.EndOfStream:
                    group.cancel_scope.cancel()
                    return
                server.got.append(message)
                if "id" in message:
                    group.start_soon(answer, message)

    server.answers["server/discover"] = late
    server._serve = serve  # type: ignore[method-assign]
    result = await agreed(server, dialects=mcp())
    assert result["protocolVersion"] == MODERN
    assert started == ["server/discover", "initialize"]


async def test_nobody_answers() -> None:
    server = Server(**{"initialize": SILENCE, "server/discover": SILENCE})
    with pytest.raises(DeadlineExceeded):
        await agreed(server, timeout=1.0)
    assert server.left == 1


async def test_nothing_in_common() -> None:
    server = modern(**{"server/discover": {**described(), "supportedVersions": ["2099-01-01"]}})
    with pytest.raises(InvalidRequest, match=r"speaks 2099-01-01; this client offered .*2026"):
        await agreed(server)


async def test_the_servers_own_refusal_is_told() -> None:
    server = Server(initialize=refusing(-32000, {"why": "maintenance"}))
    with pytest.raises(RemoteError) as caught:
        await agreed(server, dialects=mcp())
    assert caught.value.data == {"why": "maintenance"}


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_a_pinned_handshake_asks_nothing_else(version: str) -> None:
    server = legacy(version)
    assert (await agreed(server, revision=version))["protocolVersion"] == version
    assert server.methods() == ["initialize", "notifications/initialized"]


async def test_a_pinned_stateless_revision_asks_nothing_else() -> None:
    server = modern()
    assert (await agreed(server, revision=MODERN))["protocolVersion"] == MODERN
    assert server.methods() == ["server/discover"]
    server = legacy()
    with pytest.raises(RevisionRefused, match="method not found"):
        await agreed(server, revision=MODERN)
    assert server.methods() == ["server/discover"]


async def test_a_pinned_handshake_takes_no_counter_offer() -> None:
    with pytest.raises(InvalidRequest, match="told to speak only 2025-06-18"):
        await agreed(legacy("2025-03-26"), revision="2025-06-18")


def test_a_revision_nobody_speaks() -> None:
    with pytest.raises(ConfigError, match="2026-07-29"):
        session_over(modern().connect, dialects=both(), revision="2026-07-29")


# -- with exchanges --------------------------------------------------------------------------------

REFUSED: dict[str, Any] = {
    "a bare 400": refused(400),
    "a bare 404": refused(404),
    "405": refused(405),
    "500": refused(500),
    "no session": refused(400, {"code": -32000, "message": "Bad Request: no session"}),
    "not found": unknown,
    "dead number": refused(400, {"code": -32001, "message": "x"}),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_what_is_no_refusal_of_that_era_leads_to_a_handshake(kind: str) -> None:
    server = Exchanges(**{"server/discover": REFUSED[kind], "initialize": handshake()})
    assert (await agreed(server, dialects=mcp()))["protocolVersion"] == "2025-11-25"
    assert server.methods() == ["server/discover", "initialize"]
    assert server.agreed == [({"mcp-protocol-version": "2025-11-25"}, True)]


async def test_the_stateless_era_agrees_to_no_session() -> None:
    server = Exchanges(**{"server/discover": described()})
    await agreed(server)
    assert server.agreed == [({"mcp-protocol-version": MODERN}, False)]
    assert server.fields[0] == {"mcp-protocol-version": MODERN, "mcp-method": "server/discover"}
    assert server.sent == []


@pytest.mark.parametrize("with_id", [True, False])
async def test_a_version_refused_and_then_named_is_asked_for_again(with_id: bool) -> None:
    error = {"code": -32022, "message": "no", "data": {"supported": [MODERN], "requested": MODERN}}
    answers = iter([error, None])

    def answer(params: Any) -> Any:
        if next(answers) is None:
            return described()
        if with_id:
            raise RefusalError(error["code"], error["message"], error["data"])
        raise ExchangeRefused("400", status=400, error=error)

    server = Exchanges(**{"server/discover": answer})
    assert (await agreed(server, dialects=mcp()))["protocolVersion"] == MODERN
    assert server.methods() == ["server/discover"] * 2


async def test_a_refusal_that_names_a_handshake_revision_leads_to_it() -> None:
    data = {"supported": ["2025-11-25"], "requested": MODERN}
    server = Exchanges(**{"server/discover": refusing(-32022, data), "initialize": handshake()})
    assert (await agreed(server, dialects=mcp()))["protocolVersion"] == "2025-11-25"


@pytest.mark.parametrize("code", [-32020, -32021])
async def test_any_other_refusal_of_that_era_is_final(code: int) -> None:
    server = Exchanges(**{"server/discover": refusing(code), "initialize": handshake()})
    with pytest.raises(RemoteError) as caught:
        await agreed(server, dialects=mcp())
    assert caught.value.code == code
    assert server.methods() == ["server/discover"]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_of_the_caller_says_nothing_of_the_era(status: int) -> None:
    server = Exchanges(**{"server/discover": refused(status), "initialize": handshake()})
    with pytest.raises(ExchangeRefused):
        await agreed(server, dialects=mcp())
    assert server.methods() == ["server/discover"]


async def test_a_server_that_is_not_there() -> None:
    server = Exchanges(**{"server/discover": lost(retryable=True)})
    with pytest.raises(ConnectionLost, match="cut"):
        await agreed(server)
    assert server.connections == server.closed


# -- what is remembered ----------------------------------------------------------------------------


async def test_the_verdict_serves_other_sessions_of_the_origin() -> None:
    origin = "test://verdict"
    first = Exchanges(**{"server/discover": refused(400), "initialize": handshake()})
    await agreed(first, dialects=mcp(), origin=origin)
    second = Exchanges(initialize=handshake())
    await agreed(second, dialects=mcp(), origin=origin)
    assert second.methods() == ["initialize"]
    # It may have been replaced by another server since.
    third = Exchanges(**{"server/discover": described()})
    assert (await agreed(third, dialects=mcp(), origin=origin))["protocolVersion"] == MODERN
    assert third.methods() == ["initialize", "server/discover"]
    assert verdicts.recalled(origin, MCP_OFFER) == MODERN
    verdicts.forget(origin)
    assert verdicts.recalled(origin, MCP_OFFER) is None


async def test_without_an_origin_nothing_is_shared() -> None:
    for _ in range(2):
        server = Exchanges(**{"server/discover": refused(400), "initialize": handshake()})
        await agreed(server, dialects=mcp())
        assert server.methods() == ["server/discover", "initialize"]


def test_verdicts_do_not_pile_up() -> None:
    for number in range(verdicts.MOST + 10):
        verdicts.remember(f"test://{number}", MCP_OFFER, MODERN)
    assert verdicts.recalled("test://0", MCP_OFFER) is None
    assert verdicts.recalled(f"test://{verdicts.MOST + 9}", MCP_OFFER) == MODERN
    for number in range(verdicts.MOST + 10):
        verdicts.forget(f"test://{number}")


async def test_a_session_that_rejoins_asks_what_it_knows_first() -> None:
    server = legacy(ping={})
    async with session_over(server.connect, dialects=mcp()) as client:
        await server.hang_up()
        await anyio.wait_all_tasks_blocked()
        server.got.clear()
        await client.ping()
    assert server.methods()[:2] == ["initialize", "notifications/initialized"]


async def test_another_server_at_the_same_place_is_found_out_about() -> None:
    server = Exchanges(**{"server/discover": described(), "tools/list": {"tools": []}})
    async with session_over(server.connect, dialects=mcp(), origin="test://swap") as client:
        await client.list_tools()
        server.answers = {
            "tools/list": refusing(-32022, {"supported": ["2025-11-25"], "requested": MODERN}),
            "server/discover": refusing(-32022, {"supported": ["2025-11-25"], "requested": MODERN}),
            "initialize": handshake(),
        }
        answers = iter([server.answers["tools/list"], {"tools": [], "resultType": "complete"}])

        def listed(params: Any) -> Any:
            answer = next(answers)
            return answer(params) if callable(answer) else answer

        server.answers["tools/list"] = listed
        assert (await client.list_tools())["tools"] == []
        assert client.protocol_version == "2025-11-25"


# -- attaching -------------------------------------------------------------------------------------


async def test_an_open_session_is_joined_without_a_handshake() -> None:
    server = Exchanges(ping={})
    server.session_id = "abc"
    async with session_over(server.connect, dialects=mcp(), revision="2025-11-25") as client:
        assert client.session_id == "abc"
        assert (await client.initialize())["protocolVersion"] == "2025-11-25"
        assert await client.ping() == {"ok": True}
    assert server.methods() == ["ping"]
    assert server.sent == []
    assert server.agreed == [({"mcp-protocol-version": "2025-11-25"}, True)]


async def test_only_a_revision_with_sessions_can_be_joined() -> None:
    server = Exchanges()
    server.session_id = "abc"
    with pytest.raises(ConfigError, match="has sessions"):
        await agreed(server, revision=MODERN)


def test_the_newest_stateless_revision_is_offered() -> None:
    assert list(MCPDialect().stateless) == [MODERN]
