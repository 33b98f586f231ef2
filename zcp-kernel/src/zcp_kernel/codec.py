"""Wire codecs derived from the attrs classes of `zcp_kernel.model`.

A `ModelCodec` turns shapes into JSON-able dicts and back. Functions are generated when a class is
first met and kept. A dialect makes one codec per revision, saying which members exist there and
which few values need more than a name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from ._core.codec.faults import faults_of, invalid
from ._core.codec.hooks import Convert, Hooks, HookTable
from ._core.codec.plan import HasField, Plan, make_plan
from ._core.codec.reader import Reader
from ._core.codec.special import MODEL_HOOKS, WIRE_HOOKS
from ._core.codec.writer import Writer
from .errors import InvalidParams

__all__ = ["PLAIN", "WIRE_HOOKS", "Convert", "HasField", "HookTable", "Hooks", "ModelCodec"]

T = TypeVar("T")


def _every(cls: type, name: str) -> bool:
    return True


class ModelCodec:
    """Encodes and decodes shapes.

    Names are camelCase; None is left out; members marked `{"wire": False}` never travel. A member
    the codec does not know is kept in `extras` and written back, unless it belongs to the class in
    another codec. `fields` says which attributes a class has here. `omit_defaults` also leaves out
    what equals its default (the native plane's "absent means default").
    """

    def __init__(
        self,
        fields: HasField = _every,
        *,
        omit_defaults: bool = False,
        hooks: HookTable | None = None,
    ) -> None:
        self.omit_defaults = omit_defaults
        self._has_field = fields
        self._hooks: HookTable = hooks or {}
        self._plans: dict[type, Plan] = {}
        self._writer = Writer(self)
        self._reader = Reader(self, collect=False)

    @cached_property
    def _explainer(self) -> Reader:
        return Reader(self, collect=True)

    def encoder(self, cls: type) -> Convert:
        """The function that encodes instances of `cls`."""
        return self._writer.encoder(cls)

    def encode(self, value: Any) -> Any:
        """Encode a shape by its class; what is no attrs instance passes as it is."""
        return self._writer.encode(value)

    def decoder(self, cls: type[T]) -> Callable[[Any], T]:
        """The function that decodes JSON into `cls`; it raises `InvalidParams` with every fault."""
        decode = self._reader.decoder(cls)

        def checked(raw: Any) -> T:
            try:
                shape: T = decode(raw)
                return shape
            except Exception as error:
                raise self._explain(self._explainer.decoder(cls), raw, error) from None

        return checked

    def decode(self, cls: type[T], raw: Any) -> T:
        """Decode JSON into `cls`. Raises `InvalidParams` with every fault."""
        return self.decoder(cls)(raw)

    def decode_member(self, cls: type, name: str, raw: Any) -> Any:
        """Decode the value of one member by its wire name. Raises `InvalidParams`."""
        hook = self._explainer.member_hook(cls, name)
        try:
            return hook(raw, None)
        except Exception as error:
            raise invalid(faults_of(error)) from None

    @staticmethod
    def _explain(decode: Convert, raw: Any, error: Exception) -> InvalidParams:
        try:
            decode(raw)
        except Exception as explained:
            return invalid(faults_of(explained))
        return invalid(faults_of(error))

    def plan(self, cls: type) -> Plan:
        """What this codec knows of a class; for its readers and writers."""
        found = self._plans.get(cls)
        if found is None:
            found = self._plans[cls] = make_plan(cls, self._has_field)
        return found

    def hooks(self, key: type | tuple[type, str]) -> Sequence[Hooks]:
        """The hooks of a class or a member, the model's own first."""
        return (*MODEL_HOOKS.get(key, ()), *self._hooks.get(key, ()))


PLAIN = ModelCodec()
"""Every member of the model, nothing but None left out: the dicts a client is given."""
