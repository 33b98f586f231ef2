"""Handles: results kept on the server, read by their owner piece by piece."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any

from attrs import evolve

from ... import jsontext
from ...contracts import HandleStore, StoredHandle
from ...errors import Expired, Fault, Forbidden, InvalidParams, LimitReached, NotFound
from ...ids import new_id
from ...model import HandleRef, ReadHandleParams, ReadHandleResult
from ...security import Principal
from ..clock import SYSTEM_CLOCK, Clock
from ..configuration.sections import HandlesSection
from .conditions import conditions
from .decoded import DecodedValues
from .items import items_of_list, items_of_object
from .kinds import is_list, is_object
from .outline import make_outline, unpack
from .outlined import Outlined, located
from .paging import Place, Window, page_of_bytes, page_of_list, page_of_object, page_of_text
from .pointer import resolve
from .summary import count_of, kind_of, summarize

PAGE_BYTES = 64 * 1024
DECODED_BYTES = 2 * 1024 * 1024
"""How much of the values read last stays decoded, measured encoded; decoded it is several times as
much, so it is small beside the budgets. What has an outline needs none of it, unless `where` looks
at all of it."""

_UNREAD: Any = object()


class Handles:
    """Keeps large results for their owner.

    Somebody else's handle does not exist (`NotFound`); one that is gone is `Expired`; one whose
    scopes the reader lacks is `Forbidden`: every method that takes a handle id raises these. The
    owner "" stands for nobody in particular: whoever knows an id may use it, and nothing is listed.
    """

    def __init__(
        self,
        store: HandleStore,
        settings: HandlesSection,
        *,
        page_bytes: int = PAGE_BYTES,
        decoded_bytes: int = DECODED_BYTES,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.store = store
        self.settings = settings
        self._page_bytes = page_bytes
        self._decoded = DecodedValues(decoded_bytes)
        self._clock = clock
        self._next_expiry: float | None = 0.0

    @property
    def decoded_bytes(self) -> int:
        """How much is held decoded for readers, measured encoded."""
        return self._decoded.bytes_held

    async def keep(
        self,
        data: bytes,
        *,
        owner: str,
        kind: str | None = None,
        scopes: Iterable[str] = (),
        summary: str | None = None,
        value: Any = _UNREAD,
    ) -> HandleRef:
        """Keep a value, given as JSON text (as itself if `kind` is "bytes").

        `kind` and `summary` are derived from the value unless given; `scopes` are those a reader
        needs. `value` is what was encoded, for who has it still: it is looked at, not kept. Raises
        `ValueError` for a value over the budget, `ParseError` for what is no JSON.
        """
        await self._sweep()
        if value is _UNREAD:
            value = data if kind == "bytes" else jsontext.loads(data)
        ref = HandleRef(
            id=new_id(),
            kind=kind or kind_of(value),
            summary=summarize(value) if summary is None else summary,
            size=len(data),
            count=len(value) if is_list(value) else None,
            ttl_ms=self.settings.ttl_ms,
        )
        expires = self._clock.now() + self.settings.ttl_ms / 1000
        outline = None if kind == "bytes" else make_outline(value, data, self._page_bytes)
        await self.store.put(StoredHandle(ref, owner, data, tuple(scopes), expires, outline))
        if self._next_expiry is None or expires < self._next_expiry:
            self._next_expiry = expires
        return ref

    async def get(self, handle_id: str, owner: str, principal: Principal) -> HandleRef:
        """What the handle is; `ttl_ms` is the time it has left."""
        return self._present(await self._find(handle_id, owner, principal))

    async def list(
        self, owner: str, cursor: str | None = None, limit: int = 100
    ) -> tuple[list[HandleRef], str | None]:
        """One page of an owner's handles, oldest first, and the next cursor (None: the last).

        Raises `InvalidParams` for a cursor that was never handed out.
        """
        await self._sweep()
        if not owner:
            return [], None
        try:
            found, next_cursor = await self.store.list(owner, cursor, limit)
        except ValueError as error:
            fault = Fault("cursor", "cursor", str(error))
            raise InvalidParams(f"invalid: {error}", [fault]) from None
        return [self._present(stored) for stored in found if self._alive(stored)], next_cursor

    async def count(self, handle_id: str, owner: str, principal: Principal) -> int:
        """Items of a list, members of an object, characters of a string, bytes; 1 for a scalar."""
        stored = await self._find(handle_id, owner, principal)
        if stored.outline is not None:
            return unpack(stored.outline).count
        return count_of(self._decoded.of(stored))

    async def release(self, handle_id: str, owner: str, principal: Principal) -> None:
        """Give the handle up: from now on it does not exist."""
        await self._find(handle_id, owner, principal)
        self._decoded.drop(handle_id)
        await self.store.delete(handle_id)

    async def read(
        self, params: ReadHandleParams, owner: str, principal: Principal
    ) -> ReadHandleResult:
        """One page of the value, or of the part `pointer` points at; see `ReadHandleParams`.

        A page is bounded in bytes whatever `limit` says. An item or member that is longer than a
        page stands in it as `{"$handle": id, "pointer": …}`, to be read by that pointer; so all
        pages together give the value back exactly. Bytes come as base64. Raises `InvalidParams` for
        parameters that do not fit the value, `NotFound` where the pointer points at nothing.
        """
        window = self._window(params)
        stored = await self._find(params.handle, owner, principal)
        pointer = params.pointer or ""
        value = self._wanted(stored, pointer, params)
        place = Place(params.handle, pointer)
        if isinstance(value, Outlined):
            return _read_outlined(value, params, window, place)
        _check_selection(value, params)
        if is_list(value):
            return _read_list(value, params, window, place)
        if is_object(value):
            return _read_object(value, params, window, place)
        if isinstance(value, str):
            return page_of_text(value, window)
        if isinstance(value, bytes):
            return page_of_bytes(value, window)
        return ReadHandleResult(value)

    async def value(
        self, handle_id: str, pointer: str, owner: str, principal: Principal, most_bytes: int
    ) -> tuple[Any, int]:
        """The whole value, or the part `pointer` points at, for whom it may be changed by, and its
        size as JSON in bytes. Bytes come as base64. Raises `LimitReached` beyond `most_bytes`."""
        stored = await self._find(handle_id, owner, principal)
        text = stored.data
        if stored.ref.kind == "bytes":
            text = jsontext.dumps(base64.b64encode(text).decode())
        if pointer:
            part = self._part(stored, pointer)
            text = part.text if isinstance(part, Outlined) else jsontext.redump(part)
        if len(text) > most_bytes:
            raise LimitReached(
                f"invalid:{handle_id}: {len(text)} bytes are more than the {most_bytes} left of "
                "what references may stand for; refer to a part of it"
            )
        return jsontext.reload(text), len(text)

    def _part(self, stored: StoredHandle, pointer: str) -> Any:
        """What `pointer` points at: decoded, or outlined where that is long."""
        if stored.outline is None:
            return resolve(self._decoded.of(stored), pointer)
        return located(stored.data, stored.outline, pointer)

    def _wanted(self, stored: StoredHandle, pointer: str, params: ReadHandleParams) -> Any:
        """The same; decoded where a page cannot be made without looking at all of it."""
        if params.where is not None:
            return resolve(self._decoded.of(stored), pointer)
        part = self._part(stored, pointer)
        if isinstance(part, Outlined) and part.is_object and params.fields is not None:
            return part.whole()
        return part

    async def _find(self, handle_id: str, owner: str, principal: Principal) -> StoredHandle:
        await self._sweep()
        stored = await self.store.get(handle_id)
        if stored is None and await self.store.was_known(handle_id, owner):
            raise Expired(handle_id)
        if stored is None or stored.owner != owner:
            raise NotFound("handle", handle_id)
        if not self._alive(stored):
            raise Expired(handle_id)
        missing = principal.lacks(stored.scopes)
        if missing:
            raise Forbidden(missing)
        return stored

    async def _sweep(self) -> None:
        now = self._clock.now()
        if self._next_expiry is None or now < self._next_expiry:
            return
        for handle_id in await self.store.expire(now):
            self._decoded.drop(handle_id)
        self._next_expiry = await self.store.next_expiry()

    def _alive(self, stored: StoredHandle) -> bool:
        return stored.expires_at is None or stored.expires_at > self._clock.now()

    def _present(self, stored: StoredHandle) -> HandleRef:
        if stored.expires_at is None:
            return stored.ref
        left = max(0, int((stored.expires_at - self._clock.now()) * 1000))
        return evolve(stored.ref, ttl_ms=left)

    def _window(self, params: ReadHandleParams) -> Window:
        offset, limit = params.offset or 0, params.limit
        faults = list[Fault]()
        if offset < 0:
            faults.append(Fault("offset", "minimum", "must be at least 0"))
        if limit is not None and limit < 1:
            faults.append(Fault("limit", "minimum", "must be at least 1"))
        if faults:
            raise InvalidParams("invalid: handles/read", faults)
        return Window(offset, limit, self._page_bytes)


def _check_selection(value: Any, params: ReadHandleParams) -> None:
    faults = list[Fault]()
    if params.where is not None and not isinstance(value, list):
        faults.append(Fault("where", "type", f"selects items of a list, not of: {kind_of(value)}"))
    if params.fields is not None and not isinstance(value, (list, dict)):
        faults.append(Fault("fields", "type", f"a {kind_of(value)} has no members"))
    if faults:
        raise InvalidParams("invalid: handles/read", faults)


def _read_list(
    items: list[Any], params: ReadHandleParams, window: Window, place: Place
) -> ReadHandleResult:
    numbers: range | list[int] = range(len(items))
    if params.where:
        wanted = conditions(params.where)
        numbers = [number for number, item in enumerate(items) if wanted(item)]
    some = items_of_list(items, numbers, window.offset)
    return page_of_list(some, len(numbers), window, place, _projection(params.fields))


def _read_object(
    members: dict[str, Any], params: ReadHandleParams, window: Window, place: Place
) -> ReadHandleResult:
    project = _projection(params.fields)
    if project is not None:
        members = project(members)
    return page_of_object(items_of_object(members, window.offset), len(members), window, place)


def _read_outlined(
    value: Outlined, params: ReadHandleParams, window: Window, place: Place
) -> ReadHandleResult:
    items = value.items(window.offset)
    if value.is_object:
        return page_of_object(items, value.count, window, place)
    return page_of_list(items, value.count, window, place, _projection(params.fields))


def _projection(names: list[str] | None) -> Callable[[Any], Any] | None:
    """Keeps these members of an object; what is no object stays as it is. None: keeps all."""
    if names is None:
        return None
    kept = frozenset(names)

    def project(item: Any) -> Any:
        if not is_object(item):
            return item
        return {name: value for name, value in item.items() if name in kept}

    return project
