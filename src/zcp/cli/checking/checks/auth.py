"""Who may not come in is told so, and how to."""

from __future__ import annotations

from typing import Literal

from zcp_kernel.errors import ConnectionLost, ExchangeRefused, ZCPError

from ..bench import Bench
from ..outcome import Check, Failed, NotApplicable
from ..wire import unauthenticated

UNAUTHORIZED = 401


async def auth(bench: Bench) -> str:
    """A caller without credentials, and one with made-up ones, gets 401 and a challenge (RFC 9110,
    section 15.5.2); nobody gets in where credentials are checked."""
    url = bench.need_door()
    if await _entered(bench, "none"):
        if bench.way.has_credentials:
            raise Failed("the server answers without the credentials it was given: nobody checks")
        raise NotApplicable("the server asks for no credentials")
    if await _entered(bench, "wrong"):
        raise Failed("the server accepts a made-up bearer token")
    if not url.startswith("http"):
        return "callers without credentials, or with made-up ones, are refused"
    answer = await unauthenticated(url)
    if "www-authenticate" not in answer.headers:
        raise Failed("a 401 without WWW-Authenticate does not say what is wanted")
    scheme = answer.headers["www-authenticate"].split(" ", 1)[0]
    return f"callers without credentials, or with made-up ones, get 401 and a {scheme} challenge"


async def _entered(bench: Bench, credentials: Literal["none", "wrong"]) -> bool:
    whose = "without credentials" if credentials == "none" else "with a made-up token"
    try:
        async with bench.another(credentials=credentials) as client:
            await bench.poke(client)
        return True
    except ExchangeRefused as error:
        if error.status != UNAUTHORIZED:
            raise Failed(f"a caller {whose} gets HTTP {error.status}; it should be 401") from None
    except ConnectionLost as error:
        if str(bench.way.url).startswith("http"):
            raise Failed(f"a caller {whose} gets no answer: {error.message}") from None
    except ZCPError as error:
        raise Failed(f"a caller {whose} gets {error.code}: {error.message}; not 401") from None
    return False


AUTH = Check("auth failure", auth)
