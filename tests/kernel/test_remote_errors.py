"""The errors a peer sends, in whatever shape: one reading of them for both sides."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel._core.remote import remote_error
from zcp_kernel.codec import PLAIN
from zcp_kernel.model import CallError


@pytest.mark.parametrize("data", [None, {"errors": []}, [1], "text"])
def test_a_peers_error_is_read_as_it_was_written(data: Any) -> None:
    error = remote_error(PLAIN.encode(CallError(-32602, "invalid: no", data)))
    assert (error.code, error.message, error.data) == (-32602, "invalid: no", data)
    assert str(error) == "invalid: no"


@pytest.mark.parametrize(
    ("failure", "code", "message", "data"),
    [
        ("out of order", -32603, "out of order", None),
        (None, -32603, "None", None),
        ([1], -32603, "[1]", None),
        ({}, -32603, "", None),
        ({"code": "x", "message": "m"}, -32603, "m", None),
        ({"code": 1.5, "message": "m"}, -32603, "m", None),
        ({"code": True, "message": "m"}, -32603, "m", None),
        ({"code": -1, "message": 7, "data": [1]}, -1, "7", [1]),
        ({"code": -1}, -1, "", None),
    ],
)
def test_what_breaks_the_rules_is_saved_as_far_as_it_goes(
    failure: Any, code: int, message: str, data: Any
) -> None:
    error = remote_error(failure)
    assert (error.code, error.message, error.data) == (code, message, data)
