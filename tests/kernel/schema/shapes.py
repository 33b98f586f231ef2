"""Classes that handlers take and give."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto

import attrs
import pydantic


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Shape(Enum):
    POINT = (0, 0)
    LINE = (0, 1)


class Bare(Enum):
    ONE = auto()


@dataclass
class Point:
    """A place on the map.

    Attributes:
        x: to the right
    """

    x: int
    y: float = 0.0
    tags: list[str] = field(default_factory=list)
    label: str = field(default="", metadata={"description": "shown beside it"})


@attrs.define
class Tree:
    name: str
    kids: list[Tree] = attrs.field(factory=list)


class Options(t.TypedDict):
    depth: int
    label: t.NotRequired[t.Annotated[str, "what to call it"]]


class Pair(t.NamedTuple):
    left: Point
    right: int = 3


class Model(pydantic.BaseModel):
    size: int = pydantic.Field(ge=1, description="how big")
    inner: Model | None = None


UserId = t.NewType("UserId", int)
