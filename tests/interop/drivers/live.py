"""What a server does beside answering: progress, logs, questions, notifications, stopping."""

from uuid import uuid4

import anyio

from .face import STATELESS, Face, text_of, value_of

UNIQUE = uuid4().hex
"""Tells this client's doings from those of others at the same server."""


async def progress(face: Face, pinned: str) -> None:
    await _progress(face, "count", pinned)


async def progress_in_thread(face: Face, pinned: str) -> None:
    await _progress(face, "count_in_thread", pinned)


async def _progress(face: Face, tool: str, pinned: str) -> None:
    """Every step arrives while the call still runs: it returns only when told to."""
    steps: list[tuple[float, float | None, str | None]] = []
    all_here = anyio.Event()

    async def on_progress(done: float, total: float | None, message: str | None) -> None:
        steps.append((done, total, message))
        if done == 5:
            all_here.set()

    async def let_go() -> None:
        await all_here.wait()
        await face.call("release", {"name": name})

    name = f"{tool} {UNIQUE}"
    async with anyio.create_task_group() as group:
        group.start_soon(let_go)
        counted = await face.call(tool, {"steps": 5, "name": name}, on_progress)
    assert text_of(counted) == "counted to 5"
    said = pinned >= "2025-03-26"
    assert steps == [(n, 5, f"step {n}" if said else None) for n in range(1, 6)], steps


async def logging(face: Face, pinned: str) -> None:
    level = face.level_in_requests
    if pinned < STATELESS:
        level = "warning"
        await face.set_level(level)
    assert text_of(await face.call("talk", {})) == "said"
    error = await face.inbox.until("log", lambda entry: entry["level"] == "error")
    assert error["data"] == {"message": "an error", "code": 7}, error
    (warning,) = [entry for entry in face.inbox.of("log") if entry["level"] == "warning"]
    assert warning["logger"] == "everything", warning
    assert warning["data"] == "a warning", warning
    debugged = [entry for entry in face.inbox.of("log") if entry["level"] == "debug"]
    assert bool(debugged) == (level == "debug"), debugged


async def sampling(face: Face, _: str) -> None:
    answer = text_of(await face.call("ask_model", {"prompt": "What is 2 + 2?"}))
    assert answer == "model-of-client: you said What is 2 + 2? and Be brief. up to 50", answer


async def elicitation(face: Face, _: str) -> None:
    for tool in ("ask_user", "ask_user_in_thread"):
        answer = value_of(face, await face.call(tool, {"question": "Who?"}))
        assert answer == {"action": "accept", "content": {"name": "Ada, asked Who?"}}, answer


async def elicitation_declined(face: Face, _: str) -> None:
    answer = value_of(face, await face.call("ask_user", {"question": "decline"}))
    assert answer == {"action": "decline", "content": None}, answer


async def roots(face: Face, _: str) -> None:
    assert value_of(face, await face.call("where", {})) == ["file:///workspace"]


async def cancel(face: Face, _: str) -> None:
    async def begun() -> None:
        await face.inbox.until("log", lambda entry: entry["data"] == f"waiting {UNIQUE}")

    await face.call_until("wait_for_ever", {"name": UNIQUE}, begun)
    for _attempt in range(1000):
        if UNIQUE in value_of(face, await face.call("were_cancelled", {})):
            break
        await anyio.sleep(0.01)
    assert UNIQUE in value_of(face, await face.call("were_cancelled", {}))
    assert text_of(await face.call("echo", {"text": "still here"})) == "still here"


async def subscribe(face: Face, _: str) -> None:
    method = "notifications/resources/updated"
    async with face.watching("note://greeting"):
        await face.call("touch", {"uri": "note://data"})
        await face.call("touch", {"uri": "note://greeting"})
        assert (await face.inbox.until(method))["uri"] == "note://greeting"
    async with face.watching("note://data"):
        await face.call("touch", {"uri": "note://greeting"})
        await face.call("touch", {"uri": "note://data"})
        await face.inbox.until(method, lambda params: params["uri"] == "note://data")
    assert len(face.inbox.of(method)) == 2, face.inbox.of(method)


async def list_changed(face: Face, _: str) -> None:
    name = f"grown_{UNIQUE}"
    async with face.watching():
        assert text_of(await face.call("grow", {"name": name})) == "grown"
        await face.inbox.until("notifications/tools/list_changed")
    assert name in [tool["name"] for tool in (await face.list_tools())["tools"]]
    assert text_of(await face.call(name, {})) == f"I am {name}"
