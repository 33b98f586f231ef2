"""Every check passes on a server that is right and fails on one that is broken in just that way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from zcp.cli.checking.bench import Bench
from zcp.cli.checking.checks import CHECKLIST
from zcp.cli.checking.outcome import Check, NotApplicable, Report
from zcp.cli.checking.runner import run_checks

from .broken import BROKEN, Break, answers, limited, refuses, task_that_is_none
from .fakes import Fake, MemoryWay

pytestmark = pytest.mark.anyio

APPLICABLE = [
    "initialize", "discovery", "call", "read", "subscribe", "task create", "task poll",
    "task cancel", "keepalive", "notifications", "reconnect",
]  # fmt: skip
"""To a right server without credentials or limits."""


async def checked(
    fake: Fake, wanted: Mapping[str, dict[str, Any]] | None = None, idle: float = 0.0
) -> dict[str, Report]:
    bench = Bench(MemoryWay(fake), wanted=wanted or {}, idle_seconds=idle, burst=30)
    return {report.name: report for report in await run_checks(bench, CHECKLIST, limit=20)}


def failed(reports: dict[str, Report]) -> dict[str, str]:
    return {name: each.reason for name, each in reports.items() if each.verdict == "fail"}


async def test_a_right_server_passes() -> None:
    fake = Fake()
    reports = await checked(fake)
    assert failed(reports) == {}
    assert [name for name, each in reports.items() if each.verdict == "pass"] == APPLICABLE
    assert reports["initialize"].reason == "fake 1 speaks 2025-11-25"
    assert "2 resources, 1 prompts" in reports["discovery"].reason


async def test_only_what_does_no_harm_is_called() -> None:
    fake = Fake()
    await checked(fake)
    assert set(fake.called) == {"zcp_check_no_such_tool", "add", "job"}


async def test_what_the_user_names_is_called_and_nothing_else() -> None:
    fake = Fake()
    fake.tools[2]["execution"] = {"taskSupport": "forbidden"}
    reports = await checked(fake, {"delete_all": {}})
    assert set(fake.called) == {"zcp_check_no_such_tool", "delete_all"}
    assert list(failed(reports)) == ["call"], "this fake refuses it"


CASES = [
    pytest.param(check, breaks, id=f"{check}: {how}")
    for check, ways in BROKEN.items()
    for how, breaks in ways.items()
]


@pytest.mark.parametrize(("check", "breaks"), CASES)
async def test_a_broken_server_fails_that_check_alone(check: str, breaks: Break) -> None:
    fake = Fake()
    breaks(fake)
    reports = await checked(fake, idle=1.0 if check == "keepalive" else 0.0)
    assert list(failed(reports)) == [check], failed(reports)


async def test_a_task_that_is_none_fails_all_that_need_one() -> None:
    fake = Fake()
    task_that_is_none(fake)
    assert list(failed(await checked(fake))) == ["task create", "task poll", "task cancel"]


async def test_a_task_of_no_known_status() -> None:
    fake = Fake()
    answers("tasks/get", {"taskId": "task-0", "status": "sleeping", "createdAt": "x"})(fake)
    assert "task create" in failed(await checked(fake))


async def test_a_server_that_refuses_everybody_fails_once() -> None:
    fake = Fake()
    refuses("initialize")(fake)
    reports = await checked(fake)
    assert list(failed(reports)) == ["initialize"]
    for name in ("call", "task poll", "rate limit", "reconnect"):
        assert reports[name].reason == "there is no session"


async def test_what_is_not_declared_is_not_applicable() -> None:
    fake = Fake()
    fake.capabilities = {}
    reports = await checked(fake)
    assert failed(reports) == {}
    for name in ("discovery", "call", "read", "subscribe", "task create"):
        assert reports[name].verdict == "not applicable"
        assert "declares no" in reports[name].reason


async def test_another_code_for_unknown_methods_is_told_of() -> None:
    fake = Fake()
    refuses("zcp-check/no-such-method", -32602)(fake)
    report = (await checked(fake))["initialize"]
    assert report.verdict == "pass"
    assert report.reason.endswith("it refuses unknown methods by -32602, not -32601")


async def test_a_limit_that_passes_is_a_pass() -> None:
    fake = Fake()
    limited(429, after=15)(fake)
    report = (await checked(fake))["rate limit"]
    assert report.verdict == "pass"
    assert "answers again then" in report.reason


async def test_a_limit_that_never_passes() -> None:
    fake = Fake()
    limited(429, after=15, forever=True)(fake)
    assert "still refused after the wait" in failed(await checked(fake))["rate limit"]


# -- the runner ------------------------------------------------------------------------------------


async def test_a_check_that_hangs_fails_and_the_next_is_run() -> None:
    async def hangs(_: Bench) -> str:
        await anyio.sleep_forever()
        raise AssertionError

    async def fine(_: Bench) -> str:
        return "fine"

    async def breaks(_: Bench) -> str:
        raise ConnectionRefusedError("nobody there")

    async def has_no_use(_: Bench) -> str:
        raise NotApplicable("no use")

    told: list[Report] = []
    checks = [
        Check("hangs", hangs), Check("breaks", breaks), Check("none", has_no_use),
        Check("fine", fine),
    ]  # fmt: skip
    bench = Bench(MemoryWay(Fake()), idle_seconds=0.0)
    reports = await run_checks(bench, checks, limit=0.1, told=told.append)
    assert reports == told
    assert [each.members() for each in reports] == [
        {"name": "hangs", "verdict": "fail", "reason": "no end after 0.1 s"},
        {"name": "breaks", "verdict": "fail", "reason": "nobody there"},
        {"name": "none", "verdict": "not applicable", "reason": "no use"},
        {"name": "fine", "verdict": "pass", "reason": "fine"},
    ]
