"""Hooks run in the thread that waits, in order, and before the call returns."""

import logging
import threading
from typing import Any

import pytest
from zcp_kernel.errors import RemoteError

from .conftest import PATIENCE, Open


def test_progress_comes_in_order_and_before_the_result(connect: Open) -> None:
    seen: list[tuple[float, threading.Thread]] = []
    with connect() as client:
        client.call_tool(
            "steps", {"count": 50},
            progress=lambda entry: seen.append((entry["progress"], threading.current_thread())),
        )  # fmt: skip
    assert seen == [(number + 1, threading.current_thread()) for number in range(50)]


def test_the_sessions_own_progress_handler_too(connect: Open) -> None:
    seen: list[float] = []
    with connect(progress_handler=lambda entry: seen.append(entry["progress"])) as client:
        client.call_tool("steps", {"count": 3}, progress=lambda _: None)
    assert seen == [1, 2, 3]


def test_a_question_is_answered_in_the_waiting_thread(connect: Open) -> None:
    asked: list[Any] = []

    def hook(request: dict[str, Any]) -> dict[str, Any]:
        asked.append((request["prompt"], threading.current_thread(), client.ping()))
        return {"action": "accept", "content": {"name": "Ada"}}

    with connect(elicitation_handler=hook) as client:
        assert client.call_tool("who")["structuredContent"] == {"name": "Ada"}
    assert asked == [("Who are you?", threading.current_thread(), {"ok": True})]


def test_a_hook_may_call_tools_that_ask_again(connect: Open) -> None:
    names = ["inner", "outer"]

    def hook(_: dict[str, Any]) -> dict[str, Any]:
        name = names.pop()
        if names:
            assert client.call_tool("who")["structuredContent"] == {"name": "inner"}
        return {"action": "accept", "content": {"name": name}}

    with connect(elicitation_handler=hook) as client:
        assert client.call_tool("who")["structuredContent"] == {"name": "outer"}


def test_async_hooks_are_awaited(connect: Open) -> None:
    async def hook(_: dict[str, Any]) -> dict[str, Any]:
        return {"action": "accept", "content": {"name": "async"}}

    with connect(elicitation_handler=hook) as client:
        assert client.call_tool("who")["structuredContent"] == {"name": "async"}


def test_a_failing_question_fails_the_question_alone(
    connect: Open, caplog: pytest.LogCaptureFixture
) -> None:
    def hook(_: dict[str, Any]) -> Any:
        raise ValueError("not today")

    with connect(elicitation_handler=hook) as client:
        with pytest.raises(RemoteError, match="internal error"):
            client.call_tool("who")
        assert client.ping() == {"ok": True}
    assert "not today" in caplog.text


def test_a_failing_notice_handler_is_logged(
    connect: Open, caplog: pytest.LogCaptureFixture
) -> None:
    def hook(_: dict[str, Any]) -> None:
        raise ValueError("clumsy")

    with caplog.at_level(logging.ERROR), connect() as client:
        answer = client.call_tool("steps", {"count": 2}, progress=hook)
    assert answer["structuredContent"] == 2
    assert caplog.text.count("ValueError: clumsy") == 2


def test_what_comes_while_nobody_waits_runs_in_another_thread(connect: Open, app: Any) -> None:
    heard: list[tuple[str, bool]] = []
    arrived = threading.Event()

    def hook(method: str, _: Any) -> None:
        heard.append((method, threading.current_thread() is threading.main_thread()))
        arrived.set()

    with connect(notification_handler=hook) as client:
        client.list_tools()
        app.tool(name="new")(lambda: 1)
        assert arrived.wait(PATIENCE)
    assert heard == [("notifications/tools/list_changed", False)]
