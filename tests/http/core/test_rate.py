"""The rate limit: per caller, within bounded memory."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import define
from http_core import AUTH, site
from zcp_kernel.security import Principal
from zcp_transport_http.config import BearerAuthConfig, RateLimitConfig
from zcp_transport_http.guard.rate import RateLimit
from zcp_transport_http.guard.refusal import Refused

pytestmark = pytest.mark.anyio


@define
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def taken(limit: RateLimit, caller: str, times: int) -> int:
    """How many of so many requests pass."""
    passed = 0
    for _ in range(times):
        try:
            # In memory it never waits.
            limit.take(caller).send(None)
        except StopIteration:
            passed += 1
        except Refused:
            continue
    return passed


def test_so_many_in_a_window() -> None:
    clock = Clock()
    limit = RateLimit(RateLimitConfig(max_requests=3, window_seconds=10), clock)
    assert taken(limit, "a", 5) == 3
    assert taken(limit, "b", 1) == 1
    assert limit.refused == 2
    clock.now += 10
    assert taken(limit, "a", 1) == 0, "the window slides, it does not start anew"
    clock.now += 5
    assert taken(limit, "a", 5) == 2
    clock.now += 20
    assert taken(limit, "a", 5) == 3


def test_never_more_than_the_limit_within_any_window() -> None:
    clock = Clock()
    limit = RateLimit(RateLimitConfig(max_requests=10, window_seconds=10), clock)
    times: list[float] = []
    for _ in range(400):
        clock.now += 0.25
        if taken(limit, "a", 1):
            times.append(clock.now)
    most = max(sum(1 for one in times if start <= one < start + 10) for start in times)
    assert most <= 11, "an estimate, and this is how far it is off"
    assert len(times) >= 90, "nobody within the limit is held back"


@pytest.mark.parametrize("before", [0, 3])
def test_whoever_waits_as_told_is_served(before: int) -> None:
    clock = Clock()
    limit = RateLimit(RateLimitConfig(max_requests=3, window_seconds=10), clock)
    if before:
        taken(limit, "a", before)
        clock.now += 11
    taken(limit, "a", 3)
    with pytest.raises(Refused) as caught:
        limit.take("a").send(None)
    ((name, seconds),) = caught.value.headers
    assert (caught.value.status, name) == (429, b"retry-after")
    clock.now += int(seconds)
    assert taken(limit, "a", 1) == 1


def test_memory_is_bounded_and_nobody_is_forgotten_for_it() -> None:
    limit = RateLimit(RateLimitConfig(max_requests=2, max_callers=100), Clock())
    assert taken(limit, "first", 3) == 2
    for number in range(10_000):
        taken(limit, f"many-{number}", 1)
    assert len(limit._counts) <= 101  # pyright: ignore[reportPrivateUsage]
    assert taken(limit, "first", 1) == 0


@pytest.mark.parametrize(
    ("by", "principal", "client", "caller"),
    [
        ("principal", Principal("ann"), ("192.0.2.1", 1), "principal:ann"),
        ("principal", Principal(), ("192.0.2.1", 1), "address:192.0.2.1"),
        ("principal", None, ("192.0.2.1", 1), "address:192.0.2.1"),
        ("address", Principal("ann"), ("192.0.2.1", 1), "address:192.0.2.1"),
        ("address", None, ("2001:db8:1:2:3::4", 1), "address:2001:0db8:0001:0002"),
        ("address", None, ("2001:db8:1:2:9::9", 1), "address:2001:0db8:0001:0002"),
        ("address", None, ("no:address", 1), "address:no:address"),
        ("address", None, None, "address:unknown"),
    ],
)
def test_who_a_caller_is(by: Any, principal: Any, client: Any, caller: str) -> None:
    limit = RateLimit(RateLimitConfig(max_requests=1, by=by))
    assert limit.caller(principal, {"client": client}) == caller


async def test_requests_beyond_the_limit() -> None:
    async with site(rate_limit=RateLimitConfig(max_requests=3)) as here:
        client = here.client()
        await client.initialize()
        ping = client.call("ping")
        assert [(await client.post(ping)).status for _ in range(2)] == [200, 429]
        refused = await client.post(ping)
        assert int(refused.headers["retry-after"]) >= 1
        assert "3 requests in 60 seconds" in refused.message["error"]["message"]
        assert (await here.client(address="192.0.2.2").initialize()).status == 200
        for path in ("/healthz", "/readyz", "/metadata", "/metrics"):
            statuses = {(await here.client(path).request("GET")).status for _ in range(5)}
            assert statuses == {200}, path
        metadata = (await here.client("/metadata").request("GET")).message
        assert metadata["metrics"]["rateLimited"] == 2


async def test_guessing_tokens_counts_for_the_address() -> None:
    limit, auth = RateLimitConfig(max_requests=3), BearerAuthConfig(token="s3cret")
    async with site(rate_limit=limit, auth=auth) as here:
        client = here.client()
        wrong = {"authorization": "Bearer guess"}
        statuses = [(await client.request("GET", headers=wrong)).status for _ in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
        client = here.client(**AUTH)
        assert (await client.initialize()).status == 200, "the principal has a budget of its own"


async def test_every_message_of_a_batch_counts() -> None:
    async with site(rate_limit=RateLimitConfig(max_requests=10)) as here:
        client = here.client()
        await client.initialize("2025-03-26")
        batch = [client.call("ping") for _ in range(8)]
        assert (await client.post(batch)).status == 200
        refused = await client.post(batch)
        assert refused.status == 429
