"""Bodies and header fields within their limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import anyio
import pytest
from http_core import site
from zcp_transport_http.config import HTTPConfig
from zcp_transport_http.guard.intake import Disconnected, Intake
from zcp_transport_http.guard.refusal import Refused

pytestmark = pytest.mark.anyio


class Body:
    """A body that comes in pieces; counts how many were asked for. `pause` before each."""

    def __init__(self, pieces: Iterable[bytes], pause: float | None = None) -> None:
        self._pieces = list(pieces)
        self._pause = pause
        self.asked = 0

    async def __call__(self) -> dict[str, Any]:
        self.asked += 1
        if self._pause is not None:
            await anyio.sleep(self._pause)
        if not self._pieces:
            return {"type": "http.disconnect"}
        piece = self._pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}


def declared(size: int | str) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", str(size).encode())]


def test_fields_that_came_before_are_not_read_again() -> None:
    intake = Intake(HTTPConfig())
    fields = [(b"host", b"a"), (b"accept", b"*/*")]
    first = intake.headers({"headers": [*fields, (b"content-length", b"5")]})
    assert first == {"host": "a", "accept": "*/*"}
    assert intake.headers({"headers": [(b"content-length", b"70"), *fields]}) is first
    assert intake.headers({"headers": [*fields, (b"origin", b"null")]}) is not first
    assert intake.headers({"headers": [list(field) for field in fields]}) == first


def test_what_is_remembered_of_requests_is_little() -> None:
    intake = Intake(HTTPConfig())
    long = [(b"cookie", b"x" * 3000)]
    assert intake.headers({"headers": long}) is not intake.headers({"headers": long})
    for number in range(10_000):
        intake.headers({"headers": [(b"traceparent", b"%d" % number)]})
    assert len(intake._known) <= 512  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("pause", [None, 0, 0.001])
@pytest.mark.parametrize("pieces", [[b"whole"], [b"who", b"le"], [b"whole", b""], [b"", b"whole"]])
async def test_a_body_is_joined_however_it_comes(pieces: list[bytes], pause: float | None) -> None:
    intake = Intake(HTTPConfig())
    assert await intake.body((), Body(pieces, pause)) == b"whole"


async def test_a_body_declared_too_large_is_refused_before_it_is_read() -> None:
    body = Body([b"x"])
    intake = Intake(HTTPConfig())
    with pytest.raises(Refused) as caught:
        await intake.body(declared(1_000_000_000), body)
    assert caught.value.status == 413
    assert "ZCP_HTTP__MAX_BODY_BYTES" in caught.value.message
    assert body.asked == 0
    assert intake.refused_bodies == 1


async def test_a_length_of_many_digits_is_too_large() -> None:
    with pytest.raises(Refused) as caught:
        await Intake(HTTPConfig()).body(declared("9" * 5000), Body([b"x"]))
    assert caught.value.status == 413


def test_lengths_count_as_fields_too() -> None:
    with pytest.raises(Refused) as caught:
        Intake(HTTPConfig()).headers({"headers": [(b"content-length", b"1")] * 10_000})
    assert caught.value.status == 431


async def test_a_body_of_unknown_length_is_counted_as_it_comes() -> None:
    body = Body([b"x" * 400] * 100)
    with pytest.raises(Refused) as caught:
        await Intake(HTTPConfig(max_body_bytes=1000)).body((), body)
    assert caught.value.status == 413
    assert body.asked == 3


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", ""])
async def test_a_length_that_is_no_number(length: str) -> None:
    with pytest.raises(Refused) as caught:
        await Intake(HTTPConfig()).body(declared(length), Body([b"x"]))
    assert caught.value.status == 400


async def test_a_slow_body_is_not_waited_for() -> None:
    with anyio.fail_after(5), pytest.raises(Refused) as caught:
        await Intake(HTTPConfig(body_timeout_seconds=0.05)).body((), Body([b"x", b"y"], pause=30))
    assert caught.value.status == 408


async def test_a_client_that_leaves_amid_its_body() -> None:
    with pytest.raises(Disconnected):
        await Intake(HTTPConfig()).body((), Body([]))


async def test_a_cancelled_reader_stops() -> None:
    with anyio.move_on_after(0.05) as scope:
        await Intake(HTTPConfig()).body((), Body([b"x"], pause=30))
    assert scope.cancelled_caught


@pytest.mark.parametrize(
    ("http", "setting"),
    [
        (HTTPConfig(max_header_bytes=400), "ZCP_HTTP__MAX_HEADER_BYTES"),
        (HTTPConfig(max_headers=5), "ZCP_HTTP__MAX_HEADERS"),
    ],
)
async def test_too_much_in_the_head(http: HTTPConfig, setting: str) -> None:
    many = {f"x-{number}": "y" * 40 for number in range(10)}
    async with site(http=http) as here:
        answer = await here.client("/healthz").request("GET", headers=many)
        assert (await here.client("/healthz").request("GET")).status == 200
    assert answer.status == 431
    assert setting in answer.message["error"]["message"]


async def test_limits_hold_for_a_whole_request() -> None:
    async with site(http=HTTPConfig(max_body_bytes=300)) as here:
        client = here.client()
        assert (await client.initialize()).status == 200
        answer = await client.post(b"x" * 301)
        metadata = (await here.client("/metadata").request("GET")).message
    assert answer.status == 413
    assert answer.headers["connection"] == "close"
    assert metadata["metrics"]["bodyLimited"] == 1
