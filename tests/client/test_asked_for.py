"""Sessions that are told what to speak: by a server that has it, and by one that has not."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from zcp_kernel._core.client.joining import verdicts
from zcp_kernel.client import session_over
from zcp_kernel.errors import ExchangeRefused, RemoteError, RevisionRefused

from .conftest import RefusalError
from .eras import MODERN, Exchanges, Server, both, described, handshake, refused, unknown

pytestmark = pytest.mark.anyio


async def agreed(server: Any, **options: Any) -> dict[str, Any]:
    with anyio.fail_after(10):
        async with session_over(server.connect, dialects=both(), **options) as client:
            return await client.initialize()


def refusing(code: int, data: Any = None) -> Any:
    def answer(params: Any) -> Any:
        raise RefusalError(code, "no", data)

    return answer


# -- what is remembered ----------------------------------------------------------------------------


def as_offered(params: Any) -> Any:
    return handshake(params["protocolVersion"])(params)


NATIVE_TOO = {**described(), "_meta": {"zcp/revisions": ["zcp/1"]}}


OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "MCP": ({"prefer": ("mcp",)}, MODERN),
    "the newest": ({"revision": MODERN}, MODERN),
    "an older one": ({"revision": "2025-11-25"}, "2025-11-25"),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("first", ["default", "other"])
async def test_who_asks_for_something_else_finds_out_by_itself(other: str, first: str) -> None:
    """Whichever of them was there first, each gets the best of what it asked for."""
    options, wanted = OTHERS[other]
    spoken: dict[str, str] = {}
    origin = f"test://{first}/{other}"
    for who in ("default", "other", "default") if first == "default" else ("other", "default"):
        server = Server(**{"server/discover": NATIVE_TOO, "initialize": as_offered})
        result = await agreed(server, origin=origin, **(options if who == "other" else {}))
        spoken[who] = result["protocolVersion"]
    verdicts.forget(origin)
    assert spoken == {"default": "zcp/1", "other": wanted}


# -- a server that has other revisions -------------------------------------------------------------

NEWER = {"supported": [MODERN], "requested": "2025-11-25"}
OLDER = {"supported": ["2024-11-05", "2025-06-18"], "requested": MODERN}

WITHOUT: dict[str, tuple[str, dict[str, Any], list[str], str]] = {
    "another handshake": (
        "2025-11-25",
        {"initialize": handshake("2024-11-05")},
        ["2024-11-05"],
        r"the server speaks 2024-11-05, and this client was told to speak only 2025-11-25: "
        r"say revision='2024-11-05', or leave revision= out",
    ),
    "no handshake": (
        "2025-11-25",
        {"initialize": refusing(-32022, NEWER)},
        [MODERN],
        rf"speaks {MODERN}, .*say revision='{MODERN}'",
    ),
    "no handshake, in older words": (
        "2025-11-25",
        {"initialize": refusing(-32602, NEWER)},
        [MODERN],
        rf"speaks {MODERN}, .*The server's words: no",
    ),
    "no such method": (
        "2025-11-25",
        {"initialize": unknown},
        [],
        r"does not know 2025-11-25, .*: leave revision= out .*words: method not found",
    ),
    "a handshake only": (MODERN, {"server/discover": unknown}, [], f"does not know {MODERN}, "),
    "a handshake only, in other words": (
        MODERN,
        {"server/discover": refusing(-32602)},
        [],
        f"does not know {MODERN}, ",
    ),
    "a handshake only, and it says which": (
        MODERN,
        {"server/discover": refusing(-32022, OLDER)},
        ["2024-11-05", "2025-06-18"],
        "speaks 2024-11-05, 2025-06-18, .*say revision='2024-11-05'",
    ),
    "others without a handshake": (
        MODERN,
        {"server/discover": {**described(), "supportedVersions": ["2099-01-01"]}},
        ["2099-01-01"],
        f"speaks 2099-01-01, and this client was told to speak only {MODERN}: leave",
    ),
}


@pytest.mark.parametrize("make", [Server, Exchanges])
@pytest.mark.parametrize("kind", WITHOUT)
async def test_a_server_without_the_revision_asked_for(kind: str, make: Any) -> None:
    asked, answers, supported, message = WITHOUT[kind]
    with pytest.raises(RevisionRefused, match=message) as caught:
        await agreed(make(**{"initialize": unknown, **answers}), revision=asked)
    error = caught.value
    assert (error.requested, error.supported) == (asked, supported)
    assert error.data == {"requested": asked, "supported": supported}


@pytest.mark.parametrize("body", [None, {"code": -32000, "message": "Unsupported version"}])
async def test_a_bad_request_means_it_too(body: Any) -> None:
    with pytest.raises(RevisionRefused, match="words: HTTP 400") as caught:
        await agreed(Exchanges(**{"server/discover": refused(400, body)}), revision=MODERN)
    assert isinstance(caught.value.__cause__, ExchangeRefused)


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
async def test_what_says_nothing_of_revisions_is_told_as_it_is(status: int) -> None:
    for asked, method in ((MODERN, "server/discover"), ("2025-11-25", "initialize")):
        with pytest.raises(ExchangeRefused, match=f"^HTTP {status}$"):
            await agreed(Exchanges(**{method: refused(status)}), revision=asked)


async def test_a_servers_other_troubles_are_told_as_they_are() -> None:
    busy = {"initialize": refusing(-32000, {"why": "maintenance"})}
    with pytest.raises(RemoteError, match=r"^no$") as caught:
        await agreed(Server(**busy), revision="2025-11-25")
    assert caught.value.data == {"why": "maintenance"}
    with pytest.raises(RemoteError, match=r"^no$"):
        await agreed(Exchanges(**{"server/discover": refusing(-32020)}), revision=MODERN)
