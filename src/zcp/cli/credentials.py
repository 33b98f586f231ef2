"""The HTTP headers a server on the network is to get. No value of one is ever shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from .targets import Target, UrlTarget

if TYPE_CHECKING:
    from zcp_kernel.contracts import Authorizer

BEARER_VARIABLE = "ZCP_BEARER"
AUTHORIZATION = "authorization"
LOGS_IN = frozenset({"http", "https", "ws", "wss"})

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def read_headers(texts: Iterable[str]) -> dict[str, str]:
    """`Name: value`, as RFC 9110 section 5 has them. Raises `click.UsageError`, which names what
    is wrong but no value."""
    headers: dict[str, str] = {}
    for text in texts:
        name, colon, value = text.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not _NAME.fullmatch(name):
            raise click.UsageError("--header takes 'Name: value'")
        if not _VALUE.fullmatch(value):
            raise click.UsageError(f"the value of the header {name} has characters no header has")
        headers[name.lower()] = value
    return headers


def headers_for(target: Target, texts: Iterable[str], bearer: str | None) -> Mapping[str, str]:
    """What goes with every request to `target`: nothing but to a server on the network.

    Raises `click.UsageError` where headers were asked for and there is nothing to put them in.
    """
    given = read_headers(texts)
    if not isinstance(target, UrlTarget):
        if given or _is_told("bearer"):
            raise click.UsageError(
                "--header and --bearer are for servers on the network; give a command its secrets "
                "by its environment"
            )
        return {}
    headers = {name.lower(): value for name, value in target.headers.items()}
    if bearer and (AUTHORIZATION not in headers or _is_told("bearer")):
        if not _VALUE.fullmatch(bearer):
            raise click.UsageError("the bearer token has characters no token has")
        headers[AUTHORIZATION] = f"Bearer {bearer.strip()}"
    return {**headers, **given}


def login_at(target: Target, headers: Mapping[str, str]) -> Authorizer | None:
    """The login `zcp login` made at a server on the network; None where a header says already who
    asks, or authorization is not installed. Raises `ZCPError` for logins that cannot be read."""
    if not isinstance(target, UrlTarget) or AUTHORIZATION in headers:
        return None
    if urlsplit(target.url).scheme.lower() not in LOGS_IN or not find_spec("zcp_auth_oauth"):
        return None
    from zcp_auth_oauth.logins import stored_authorizer

    return stored_authorizer(target.url)


def _is_told(option: str) -> bool:
    """Whether an option stands on the command line; one of the environment is for who needs it."""
    source = click.get_current_context().get_parameter_source(option)
    return source is ParameterSource.COMMANDLINE
