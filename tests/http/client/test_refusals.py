"""What is made of a refusal: above all, whether it says that the session is gone."""

import json

import pytest
from zcp_kernel.errors import ExchangeRefused, SessionLost
from zcp_transport_http.client.refusals import refusal


def refused(
    status: int, error: object, *, session: bool = True, request_id: object = None
) -> object:
    body = json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error}).encode()
    return refusal("tools/call", status, {}, body, 7, session=session)


@pytest.mark.parametrize(
    "said",
    [
        "Bad Request: No valid session ID provided",
        "Bad Request: Server not initialized",
        "Invalid session id",
    ],
)
@pytest.mark.parametrize("request_id", [None, 7])
def test_servers_that_say_400_where_they_mean_404(said: str, request_id: object) -> None:
    error = {"code": -32000, "message": said}
    found = refused(400, error, request_id=request_id)
    assert isinstance(found, SessionLost)
    assert found.retryable


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"code": -32000, "message": "Bad Request: Unsupported protocol version"}),
        (400, {"code": -32600, "message": "no session id"}),
        (400, {"code": -32000}),
        (400, "no session id"),
        (403, {"code": -32000, "message": "No valid session ID provided"}),
    ],
)
def test_other_refusals_leave_the_session_alone(status: int, error: object) -> None:
    found = refused(status, error)
    assert isinstance(found, ExchangeRefused)
    assert not isinstance(found, SessionLost)


def test_who_named_no_session_has_lost_none() -> None:
    error = {"code": -32000, "message": "Bad Request: No valid session ID provided"}
    assert isinstance(refused(400, error, session=False), ExchangeRefused)
    assert isinstance(refused(404, error, session=False), ExchangeRefused)
