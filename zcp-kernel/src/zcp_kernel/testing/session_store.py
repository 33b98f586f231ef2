"""The contract of session stores, as a suite to subclass:

class TestMySessionStore(SessionStoreContract):
    @pytest.fixture
    def store(self):
        return MySessionStore()
"""

from __future__ import annotations

import anyio
import pytest
from attrs import evolve

from ..contracts import SessionStore, StoredCall, StoredSession

SESSION = StoredSession(
    "s1", "mcp", "2025-11-25", "a", 0, b'{"subject":"me"}', b'{"logLevel":"info"}'
)


@pytest.mark.anyio
class SessionStoreContract:
    """What every `SessionStore` does. The subclass gives the fixture `store`: a new, empty one."""

    async def test_fulfils_the_protocol(self, store: SessionStore) -> None:
        assert isinstance(store, SessionStore)
        assert store.name

    async def test_gives_back_what_was_saved_last(self, store: SessionStore) -> None:
        assert await store.load("s1") is None
        await store.save(SESSION)
        assert await store.load("s1") == SESSION
        changed = evolve(SESSION, facts=b"{}")
        await store.save(changed)
        assert await store.load("s1") == changed

    async def test_one_of_many_takes_it(self, store: SessionStore) -> None:
        await store.save(SESSION)
        taken: list[StoredSession] = []

        async def take(worker: str) -> None:
            found = await store.take("s1", "a", worker)
            taken.extend([] if found is None else [found])

        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(take, f"w{number}")
        (winner,) = taken
        assert winner == evolve(SESSION, worker=winner.worker, generation=1)
        assert await store.load("s1") == winner
        assert await store.take("s1", "a", "late") is None
        assert await store.take("nothing", "a", "late") is None

    async def test_forgets(self, store: SessionStore) -> None:
        await store.save(SESSION)
        assert not await store.forget("s1", "somebody else")
        assert await store.load("s1") == SESSION
        assert await store.forget("s1", "a")
        assert not await store.forget("s1", "a")
        assert await store.load("s1") is None

    async def test_knows_which_calls_have_begun(self, store: SessionStore) -> None:
        await store.save(SESSION)
        assert list(await store.begun("s1")) == []
        calls = [StoredCall(2, "a", b'["x"]', "key"), StoredCall(1, "b", b"[1, 2]")]
        for call in calls:
            await store.begin("s1", call)
        await store.begin("s2", StoredCall(1, "a", b"[1]"))
        assert list(await store.begun("s1")) == calls[::-1]
        for number in range(1000, 1260):
            await store.begin("s1", StoredCall(number, "a", b"[1]"))
        assert [call.stream for call in await store.begun("s1")] == [*range(1004, 1260)]
        await store.forget("s1", "a")
        assert list(await store.begun("s1")) == []

    async def test_who_lost_it_can_no_longer_save_it(self, store: SessionStore) -> None:
        await store.save(SESSION)
        taken = await store.take("s1", "a", "b")
        await store.save(evolve(SESSION, facts=b"{}"))
        assert await store.load("s1") == taken

    async def test_expires_what_nobody_uses(self, store: SessionStore) -> None:
        await store.save(SESSION)
        await store.save(evolve(SESSION, id="s2"))
        assert list(await store.expire(1000.0)) == []
        await anyio.sleep(0.3)
        await store.touch(["s2", "nothing"])
        assert list(await store.expire(0.2)) == ["s1"]
        assert await store.load("s2") is not None

    async def test_saving_and_taking_are_uses(self, store: SessionStore) -> None:
        for name in ("saved", "taken", "loaded"):
            await store.save(evolve(SESSION, id=name))
        await anyio.sleep(0.3)
        await store.save(evolve(SESSION, id="saved"))
        await store.take("taken", "a", "b")
        await store.load("loaded")
        assert list(await store.expire(0.2)) == ["loaded"]

    async def test_calls_go_with_what_expires(self, store: SessionStore) -> None:
        await store.save(SESSION)
        await store.begin("s1", StoredCall(1, "a", b"[1]"))
        await anyio.sleep(0.05)
        assert list(await store.expire(0.01)) == ["s1"]
        assert list(await store.begun("s1")) == []
        assert list(await store.expire(0.01)) == []

    async def test_a_call_is_begun_once(self, store: SessionStore) -> None:
        await store.save(SESSION)
        for call in (StoredCall(1, "a", b"[1]"), StoredCall(1, "b", b"[2]", "key")):
            await store.begin("s1", call)
        assert list(await store.begun("s1")) == [StoredCall(1, "b", b"[2]", "key")]

    async def test_many_at_once(self, store: SessionStore) -> None:
        async def live(number: int) -> None:
            session = evolve(SESSION, id=f"s{number}")
            await store.save(session)
            await store.begin(session.id, StoredCall(1, "a", b"[%d]" % number))
            await store.touch([session.id])

        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(live, number)
        assert {each.id for each in await store.list(100)} == {f"s{n}" for n in range(60)}
        for number in range(60):
            (call,) = await store.begun(f"s{number}")
            assert call.ids == b"[%d]" % number

    async def test_lists_the_latest(self, store: SessionStore) -> None:
        for number in range(4):
            await store.save(evolve(SESSION, id=f"s{number}"))
            await anyio.sleep(0.01)
        await store.touch(["s1"])
        assert [each.id for each in await store.list(2)] == ["s1", "s3"]
