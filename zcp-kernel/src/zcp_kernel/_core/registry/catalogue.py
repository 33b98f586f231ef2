"""An ordered, uniquely named, versioned collection that tells others when it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from ...errors import RegistrationError

T = TypeVar("T")
Listener = Callable[[], None]


class Catalogue(Generic[T]):
    """Items by key, in registration order.

    A catalogue may lie on a `base`: it shows the base's items first and its own after them, follows
    the base's changes, and never writes to it. That is how one app is composed several ways.
    """

    def __init__(self, kind: str, base: Catalogue[T] | None = None) -> None:
        self.kind = kind
        self._base = base
        self._items: dict[str, T] = {}
        self._places: dict[str, int] = {}
        self._last_place = 0
        self._aliases: dict[str, str] = {}
        self._resolvers: list[Callable[[str], T | None]] = []
        self._version = 0
        self._listeners: list[Listener] = []
        if base is not None:
            base.listen(self._changed)

    @property
    def version(self) -> int:
        """Grows with every change, those of the base included."""
        return self._version

    def add(self, key: str, item: T, where: str = "") -> None:
        """Raises `RegistrationError` if the key is taken; `where` names the newcomer's place."""
        if key in self:
            at = f" ({where})" if where else ""
            raise RegistrationError(
                f"{self.kind} {key!r}{at} is registered already; choose another name or remove "
                f"the first one"
            )
        self._places[key] = self.reserve()
        self._items[key] = item
        self._changed()

    def remove(self, key: str) -> T:
        """Raises `KeyError` if there is none, or if it belongs to the base."""
        item = self._items.pop(key)
        del self._places[key]
        self._changed()
        return item

    def get(self, key: str) -> T | None:
        """The item of this key, or of the key this is another name for."""
        item = self._items.get(key)
        if item is None and self._base is not None:
            return self._base.get(key)
        if item is None and key in self._aliases:
            return self._items.get(self._aliases[key])
        return item

    # -- items that come and go together ----------------------------------------------------------

    def reserve(self) -> int:
        """A place in the order, for items that are not there yet; see `fill`."""
        self._last_place += 1
        return self._last_place

    def fill(
        self, place: int, items: Mapping[str, T], aliases: Mapping[str, str] | None = None
    ) -> None:
        """Put these items where `reserve` was called, instead of what was there. `aliases` maps
        other names to keys of theirs. One change, however many items; raises `RegistrationError`
        for a key that is taken."""
        kept = {key: item for key, item in self._items.items() if self._places[key] != place}
        for key in items:
            if key in kept or (self._base is not None and key in self._base):
                raise RegistrationError(f"{self.kind} {key!r} is registered already")
        places = {key: self._places[key] for key in kept} | dict.fromkeys(items, place)
        ordered = sorted({**kept, **items}.items(), key=lambda entry: places[entry[0]])
        others = {name: key for name, key in self._aliases.items() if key in kept}
        self._items, self._places = dict(ordered), places
        self._aliases = {**others, **(aliases or {})}
        self._changed()

    def add_resolver(self, resolver: Callable[[str], T | None]) -> None:
        """Ask `resolver` for what is not listed."""
        self._resolvers.append(resolver)

    def resolve(self, key: str) -> T | None:
        """An item that is not listed but can be used by those who know of it."""
        for resolver in self._resolvers:
            item = resolver(key)
            if item is not None:
                return item
        return self._base.resolve(key) if self._base is not None else None

    # -- what there is ----------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Call `listener` after every change, in the thread that made it."""
        self._listeners.append(listener)

    def forget(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)

    def detach(self) -> None:
        """Stop following the base, so that the base does not keep this catalogue alive."""
        if self._base is not None:
            self._base.forget(self._changed)

    def keys(self) -> Iterator[str]:
        if self._base is not None:
            yield from self._base.keys()
        yield from list(self._items)

    def __iter__(self) -> Iterator[T]:
        if self._base is not None:
            yield from self._base
        yield from list(self._items.values())

    def __len__(self) -> int:
        return len(self._items) + (len(self._base) if self._base is not None else 0)

    def __contains__(self, key: object) -> bool:
        return key in self._items or (self._base is not None and key in self._base)

    def _changed(self) -> None:
        self._version += 1
        for listener in list(self._listeners):
            listener()
