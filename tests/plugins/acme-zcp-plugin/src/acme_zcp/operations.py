"""The operation `acme/echo`: what a client says comes back, with the name of who said it."""

from __future__ import annotations

from attrs import define
from zcp_kernel.context import Context
from zcp_kernel.contracts import Operation
from zcp_kernel.errors import InvalidParams
from zcp_kernel.model import Described


@define(slots=True)
class EchoParams(Described):
    """`text` is at most 1,000 characters."""

    text: str


@define(slots=True)
class EchoResult(Described):
    text: str
    said_by: str | None = None


async def _echo(params: EchoParams, ctx: Context) -> EchoResult:
    if len(params.text) > 1000:
        raise InvalidParams("invalid: text is longer than 1000 characters")
    return EchoResult(text=params.text, said_by=ctx.principal.subject)


ECHO = Operation(
    name="acme/echo",
    params=EchoParams,
    result=EchoResult,
    handler=_echo,
    methods={"native": "acme/echo"},
)
