"""Stores that break one promise each."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
from attrs import evolve
from zcp_kernel._core.memory.bus import MemoryBus
from zcp_kernel.contracts import Lagged, LoggedEvent, StoredHandle, StoredSession, TaskRecord
from zcp_kernel.handles import MemoryHandleStore
from zcp_kernel.tasks import MemoryTaskStore
from zcp_kernel.testing.shared_stores import (
    MemoryKeyStore,
    MemoryOnceStore,
    MemoryRateStore,
    MemorySessionStore,
)
from zcp_transport_http.events.memory import MemoryEventLog


class LastWriterWins(MemoryTaskStore):
    async def update(self, record: TaskRecord) -> TaskRecord | None:
        known = await self.get(record.descriptor.task_id)
        return (
            None if known is None else await super().update(evolve(record, version=known.version))
        )


class SharedRecords(MemoryTaskStore):
    async def get(self, task_id: str) -> TaskRecord | None:
        return self._records.get(task_id)


class ForgetsNothing(MemoryTaskStore):
    async def expire(self, now: float) -> Sequence[str]:
        return []


class FirstInFirstOut(MemoryHandleStore):
    async def get(self, handle_id: str) -> StoredHandle | None:
        return self._handles.get(handle_id)


class NoBudget(MemoryHandleStore):
    def _make_room(self, owner: str, size: int) -> None:
        pass


class NoOutline(MemoryHandleStore):
    async def put(self, handle: StoredHandle) -> None:
        await super().put(evolve(handle, outline=None))


class DropsQuietly(MemoryBus):
    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncGenerator[AsyncIterator[Any]]:
        async with super().subscribe(topic) as events:
            yield _Quiet(events)


class _Quiet(AsyncIterator[Any]):
    def __init__(self, events: AsyncIterator[Any]) -> None:
        self._events = events

    async def __anext__(self) -> Any:
        try:
            return await anext(self._events)
        except Lagged:
            return await anext(self._events)


class OneTopic(MemoryBus):
    async def publish(self, topic: str, event: Any) -> None:
        for each in list(self._topics):
            await super().publish(each, event)


class LastInFirstOut(MemoryBus):
    async def publish(self, topic: str, event: Any) -> None:
        for subscription in self._topics.get(topic, ()):
            subscription._events.appendleft(event)
            subscription._arrived.set()


class TellsOfNoGap(MemoryEventLog):
    async def after(self, session: str, stream: int, number: int) -> Sequence[LoggedEvent] | None:
        while number < 100:
            found = await super().after(session, stream, number)
            if found is not None:
                return found
            number += 1
        return None


class GoesOnAfterTheEnd(MemoryEventLog):
    async def append(self, session: str, stream: int, frame: bytes, *, last: bool = False) -> int:
        return await super().append(session, stream, frame)


class NumbersBeforeItWaits(MemoryEventLog):
    async def append(self, session: str, stream: int, frame: bytes, *, last: bool = False) -> int:
        known = self._sessions.get(session)
        number = 1 if known is None else known.streams[stream].count + 1
        await anyio.lowlevel.checkpoint()
        await super().append(session, stream, frame, last=last)
        return number


class LooksThenMarks(MemoryOnceStore):
    async def begin(self, key: str, expires_at: float) -> tuple[bool, bytes | None]:
        known = self._done.get(key)
        await anyio.lowlevel.checkpoint()
        if known is None:
            self._done.pop(key, None)
        return await super().begin(key, expires_at)


class NeverForgets(MemoryOnceStore):
    def __init__(self) -> None:
        super().__init__(lambda: 0.0)


class Prolongs(MemoryOnceStore):
    async def begin(self, key: str, expires_at: float) -> tuple[bool, bytes | None]:
        begun = await super().begin(key, expires_at)
        self._done[key] = expires_at, self._done[key][1]
        return begun


class LosesValues(MemoryOnceStore):
    async def finish(self, key: str, value: bytes) -> None:
        await super().finish(key, value or b"null")


class CountsRefusals(MemoryRateStore):
    async def count(self, caller: str, window_seconds: float, most: int) -> tuple[int, int, float]:
        return await super().count(caller, window_seconds, most + 1)


class ReadsThenWrites(MemoryRateStore):
    async def count(self, caller: str, window_seconds: float, most: int) -> tuple[int, int, float]:
        kept = {at: dict(counts) for at, counts in self._counts.items()}
        await anyio.lowlevel.checkpoint()
        self._counts = kept
        return await super().count(caller, window_seconds, most)


class NoWindowBefore(MemoryRateStore):
    async def count(self, caller: str, window_seconds: float, most: int) -> tuple[int, int, float]:
        count, _, elapsed = await super().count(caller, window_seconds, most)
        return count, 0, elapsed


class OneForAll(MemoryRateStore):
    async def count(self, caller: str, window_seconds: float, most: int) -> tuple[int, int, float]:
        return await super().count("", window_seconds, most)


class GivesTwice(MemorySessionStore):
    async def take(self, session_id: str, of: str, worker: str) -> StoredSession | None:
        known = await self.load(session_id)
        await anyio.lowlevel.checkpoint()
        if known is None or known.worker != of:
            return None
        return await super().take(session_id, self._kept[session_id].session.worker, worker)


class LetsTheLoserSave(MemorySessionStore):
    async def save(self, session: StoredSession) -> None:
        self._kept.pop(session.id, None)
        await super().save(session)


class KeepsCalls(MemorySessionStore):
    def _remove(self, session_id: str) -> None:
        del self._kept[session_id]


class LoadingIsUse(MemorySessionStore):
    async def load(self, session_id: str) -> StoredSession | None:
        await self.touch([session_id])
        return await super().load(session_id)


class AlwaysNew(MemoryKeyStore):
    async def secrets(self) -> Sequence[str]:
        self.renew()
        return await super().secrets()


class EachItsOwn(MemoryKeyStore):
    async def secrets(self) -> Sequence[str]:
        known = self._secrets
        await anyio.lowlevel.checkpoint()
        if not known:
            self.renew()
        return await super().secrets()


class SealsInClear:
    """A seal without encryption: data, nonce and MAC; the rings below break more of it."""

    name = "broken"

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def seal(self, data: bytes, binding: bytes) -> bytes:
        body = secrets.token_bytes(16) + self._veiled(data)
        return self._mac(body, binding) + body

    def unseal(self, sealed: bytes, binding: bytes) -> bytes | None:
        mac, body = sealed[:32], sealed[32:]
        if len(body) < 16 or not hmac.compare_digest(mac, self._mac(body, binding)):
            return None
        return self._veiled(body[16:])

    def _veiled(self, data: bytes) -> bytes:
        return bytes(byte ^ 85 for byte in data)

    def _mac(self, body: bytes, binding: bytes) -> bytes:
        key = hashlib.sha256(self._secret + b"\0" + binding).digest()
        return hmac.digest(key, body, "sha256")


class Reversible(SealsInClear):
    def _veiled(self, data: bytes) -> bytes:
        return data


class Unbound(SealsInClear):
    def _mac(self, body: bytes, binding: bytes) -> bytes:
        return super()._mac(body, b"")


class Unauthenticated(SealsInClear):
    def _mac(self, body: bytes, binding: bytes) -> bytes:
        return super()._mac(body[:16], binding)


class OneKeyForAll(SealsInClear):
    def __init__(self, secret: str) -> None:
        super().__init__("the same")
