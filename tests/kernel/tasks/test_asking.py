"""A task asks its client, which answers, cannot answer, or goes away."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from zcp_kernel.errors import (
    ConnectionLost,
    InvalidParams,
    MissingCapability,
    NotFound,
    RemoteError,
)
from zcp_kernel.model import (
    ElicitationRequest,
    ElicitationResult,
    ListRootsResult,
    Root,
    SamplingRequest,
    SamplingResult,
    TextContent,
)

pytestmark = pytest.mark.anyio


async def review(task: Any) -> Any:
    """The body of the client guide's hooked example."""
    draft = await task.create_message(
        {
            "messages": [{"role": "user", "content": "Summarize parity in one sentence."}],
            "maxTokens": 120,
        }
    )
    approval = await task.elicit({"kind": "approval", "prompt": "Approve sending the summary?"})
    return {"draft": draft, "approval": approval}


async def test_a_client_with_hooks_is_asked_at_once(bench: Any) -> None:
    asked: list[Any] = []

    async def sample(params: Any) -> SamplingResult:
        asked.append(params)
        return SamplingResult("assistant", TextContent("draft"), "unknown")

    async def elicit(params: Any) -> ElicitationResult:
        asked.append(params)
        return ElicitationResult("accept", {})

    async with bench() as b:
        b.link.answers.update({"sampling/createMessage": sample, "elicitation/request": elicit})
        outcome = await b.engine.result(await b.start(review), "me")
        assert outcome["result"]["draft"]["content"] == {"type": "text", "text": "draft"}
        assert outcome["result"]["approval"]["action"] == "accept"
        assert isinstance(asked[0], SamplingRequest)
        assert asked[0].max_tokens == 120
        assert isinstance(asked[1], ElicitationRequest)
        assert asked[1].message == "Approve sending the summary?"
        assert b.link.statuses == [
            "working",
            "input_required",
            "working",
            "input_required",
            "working",
            "completed",
        ]
        assert all(notice.input_requests is None for notice in b.link.notices)


async def test_without_hooks_the_questions_stay_open_until_answered(bench: Any) -> None:
    async with bench() as b:
        task_id = await b.start(review)
        task = await b.until(task_id, "input_required")
        ((key, request),) = task.input_requests.items()
        assert request == {
            "method": "sampling/createMessage",
            "params": {
                "messages": [
                    {
                        "role": "user",
                        "content": {"type": "text", "text": "Summarize parity in one sentence."},
                    }
                ],
                "maxTokens": 120,
            },
        }
        await anyio.wait_all_tasks_blocked()
        stored = await b.store.get(task_id)
        assert stored.descriptor.input_requests == task.input_requests
        after = await b.engine.answer(
            task_id, "me", key, {"role": "assistant", "content": "A draft."}
        )
        assert (after.status, after.input_requests) == ("working", None)
        task = await b.until(task_id, "input_required")
        ((second, request),) = task.input_requests.items()
        assert second != key
        assert request["method"] == "elicitation/request"
        assert request["params"]["message"] == "Approve sending the summary?"
        await b.engine.answer(task_id, "me", second, {"accepted": True, "fields": {"why": "ok"}})
        outcome = await b.engine.result(task_id, "me")
        assert outcome["result"]["draft"] == {
            "role": "assistant",
            "content": {"type": "text", "text": "A draft."},
            "model": "unknown",
        }
        assert outcome["result"]["approval"] == {"action": "accept", "content": {"why": "ok"}}


async def test_an_elicitation_unpacks(bench: Any) -> None:
    async def body(task: Any) -> Any:
        action, content = await task.elicit(
            message="Name?",
            requested_schema={"type": "object", "properties": {"name": {"type": "string"}}},
        )
        return [action, content]

    async with bench() as b:
        task_id = await b.start(body)
        task = await b.until(task_id, "input_required")
        (key,) = task.input_requests
        await b.engine.answer(task_id, "me", key, {"action": "accept", "content": {"name": "A"}})
        assert await b.engine.result(task_id, "me") == {"result": ["accept", {"name": "A"}]}


async def test_several_questions_at_once_are_answered_in_any_order(bench: Any) -> None:
    async def body(task: Any) -> Any:
        got: dict[str, Any] = {}

        async def one(name: str) -> None:
            got[name] = (await task.elicit(f"{name}?")).action

        async with anyio.create_task_group() as group:
            for name in ("a", "b", "c"):
                group.start_soon(one, name)
        roots = await task.list_roots()
        return [got, [root.uri for root in roots.roots]]

    async with bench() as b:
        task_id = await b.start(body)
        requests = await b.asked(task_id, 3)
        keys = {request["params"]["message"]: key for key, request in requests.items()}
        seen = set(keys.values())
        for message, answer in (("b?", "decline"), ("c?", "cancel"), ("a?", "accept")):
            left = await b.engine.answer(task_id, "me", keys.pop(message), answer)
            assert set(left.input_requests or ()) == set(keys.values())
            assert left.status == ("input_required" if keys else "working")
        task = await b.until(task_id, "input_required")
        (key,) = task.input_requests
        assert key not in seen
        assert task.input_requests[key] == {"method": "roots/list", "params": {}}
        await b.engine.answer(task_id, "me", key, [{"uri": "file:///w", "name": "w"}])
        outcome = await b.engine.result(task_id, "me")
        answers = {"a": "accept", "b": "decline", "c": "cancel"}
        assert outcome == {"result": [answers, ["file:///w"]]}


async def test_a_wrong_answer_leaves_the_question_open(bench: Any) -> None:
    async def body(task: Any) -> Any:
        return (await task.elicit("Sure?")).action

    async with bench() as b:
        task_id = await b.start(body)
        task = await b.until(task_id, "input_required")
        (key,) = task.input_requests
        for wrong in ({"action": "perhaps"}, 5, None, {"accepted": True, "fields": [1]}):
            with pytest.raises(InvalidParams):
                await b.engine.answer(task_id, "me", key, wrong)
        with pytest.raises(NotFound):
            await b.engine.answer(task_id, "me", "elicitation-99", "accept")
        assert (await b.engine.get(task_id, "me")).input_requests == task.input_requests
        await b.engine.answer(task_id, "me", key, "decline")
        with pytest.raises((NotFound, InvalidParams)):
            await b.engine.answer(task_id, "me", key, "accept")
        assert await b.engine.result(task_id, "me") == {"result": "decline"}


@pytest.mark.parametrize("error", [ConnectionLost("gone"), MissingCapability("elicitation")])
async def test_a_client_that_goes_away_leaves_the_question_open(
    bench: Any, error: Exception
) -> None:
    async def elicit(params: Any) -> Any:
        raise error

    async def body(task: Any) -> Any:
        return (await task.elicit("Sure?")).action

    async with bench() as b:
        b.link.answers["elicitation/request"] = elicit
        task_id = await b.start(body)
        (key,) = await b.asked(task_id)
        assert (await b.engine.get(task_id, "me")).status == "input_required"
        await b.engine.answer(task_id, "me", key, True)
        assert await b.engine.result(task_id, "me") == {"result": "accept"}


async def test_a_question_on_its_way_to_the_client_takes_no_other_answer(bench: Any) -> None:
    reply = anyio.Event()

    async def list_roots(params: Any) -> ListRootsResult:
        await reply.wait()
        return ListRootsResult([Root("file:///w")])

    async def body(task: Any) -> Any:
        return (await task.list_roots()).roots[0].uri

    async with bench() as b:
        b.link.answers["roots/list"] = list_roots
        task_id = await b.start(body)
        task = await b.until(task_id, "input_required")
        assert task.input_requests is None
        with pytest.raises(NotFound):
            await b.engine.answer(task_id, "me", "roots-1", [])
        reply.set()
        assert await b.engine.result(task_id, "me") == {"result": "file:///w"}


async def test_an_error_of_the_client_reaches_the_body(bench: Any) -> None:
    async def elicit(params: Any) -> Any:
        raise RemoteError(-1, "the user is asleep")

    async def body(task: Any) -> Any:
        await task.elicit("Sure?")

    async with bench() as b:
        b.link.answers["elicitation/request"] = elicit
        outcome = await b.engine.result(await b.start(body), "me")
        assert outcome == {"error": {"code": -1, "message": "the user is asleep"}}


async def test_a_body_that_stops_waiting_withdraws_its_question(bench: Any) -> None:
    async def body(task: Any) -> Any:
        with anyio.move_on_after(0.01):
            await task.elicit("Quick!")
        await anyio.sleep_forever()

    async with bench() as b:
        task_id = await b.start(body)
        task = await b.until(task_id, "input_required")
        (key,) = task.input_requests
        task = await b.until(task_id, "working")
        assert task.input_requests is None
        with pytest.raises(NotFound):
            await b.engine.answer(task_id, "me", key, True)


async def test_a_request_that_makes_no_sense_is_refused_before_it_is_asked(bench: Any) -> None:
    async def body(task: Any) -> Any:
        with pytest.raises(InvalidParams):
            await task.elicit({"kind": "approval"})
        with pytest.raises(InvalidParams):
            await task.create_message({"maxTokens": 5})
        return "ok"

    async with bench() as b:
        assert await b.engine.result(await b.start(body), "me") == {"result": "ok"}
        assert "input_required" not in b.link.statuses
