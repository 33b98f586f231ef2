"""Model classes as table rows: columns are the fields, lists and objects are JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from attrs import fields, has

T = TypeVar("T")


class Table(Generic[T]):
    """The statements that store and fetch one class. `columns` is for selects."""

    def __init__(self, name: str, cls: type[T]) -> None:
        assert has(cls)
        self.name = name
        self._cls: Any = cls
        self._fields = [(one.name, str(one.type)) for one in fields(cls)]
        self.columns = ", ".join(f"{name}.{field}" for field, _ in self._fields)
        marks = ", ".join("?" for _ in self._fields)
        listed = ", ".join(field for field, _ in self._fields)
        self._insert = f"INTO {name} ({listed}) VALUES ({marks})"

    def insert(self, connection: sqlite3.Connection, value: T) -> None:
        """Raises `sqlite3.IntegrityError` if the key exists."""
        connection.execute(f"INSERT {self._insert}", self._row(value))

    def replace(self, connection: sqlite3.Connection, value: T) -> None:
        connection.execute(f"INSERT OR REPLACE {self._insert}", self._row(value))

    def one(self, connection: sqlite3.Connection, where: str, *values: Any) -> T | None:
        found = connection.execute(self._select(where), values).fetchone()
        return None if found is None else self.read(found)

    def many(self, connection: sqlite3.Connection, where: str, *values: Any) -> list[T]:
        return [self.read(row) for row in connection.execute(self._select(where), values)]

    def read(self, row: Iterable[Any]) -> T:
        """The value of a row whose columns begin with `columns`."""
        values = {
            name: _decoded(value, kind)
            for (name, kind), value in zip(self._fields, row, strict=False)
        }
        value: T = self._cls(**values)
        return value

    def _select(self, where: str) -> str:
        return f"SELECT {self.columns} FROM {self.name} WHERE {where}"

    def _row(self, value: T) -> list[Any]:
        return [_encoded(getattr(value, name)) for name, _ in self._fields]


def _encoded(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (tuple, dict)) else value


def _decoded(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind.startswith("tuple"):
        return tuple(json.loads(value))
    if kind.startswith("dict"):
        return json.loads(value)
    return bool(value) if kind == "bool" else value
