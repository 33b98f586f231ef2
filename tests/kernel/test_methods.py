"""The tables of operations, and the smallest dialect made of them."""

from __future__ import annotations

from zcp_kernel import model
from zcp_kernel.methods import NOTICES, PEER_REQUESTS, REQUESTS
from zcp_kernel.testing.echo import EchoDialect


def test_no_operation_is_listed_twice() -> None:
    for entries in (REQUESTS, PEER_REQUESTS):
        names = [entry.operation for entry in entries]
        assert len(names) == len(set(names))
    assert len(set(NOTICES.values())) == len(NOTICES)


def test_the_echo_dialect() -> None:
    dialect = EchoDialect()
    hello = {"method": "initialize", "params": {"protocolVersion": "echo/1"}}
    match = dialect.classify(hello, None)
    assert match is not None
    assert match.handshake
    revision = match.revision
    assert revision is dialect.revision()
    call = revision.requests["tools/call"]
    assert call.decode_params({"name": "x"}) == model.CallRequest("x")
    assert call.encode_result(model.CallResult()) == {"content": [], "isError": False}
    notice = revision.notices[model.Progress]
    assert notice.method == "notifications/progress"
    assert notice.encode_params(model.Progress(1, 0.5)) == {"progressToken": 1, "progress": 0.5}
    assert dialect.classify({"method": "tools/list"}, None) is None
