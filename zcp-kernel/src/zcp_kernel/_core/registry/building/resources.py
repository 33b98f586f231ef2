"""Resources and the templates of families of them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ....errors import RegistrationError
from ....model import Annotations, ResourceDescriptor, ResourceTemplate
from ...invoke import location
from ...templates import UriTemplate
from ..items import Resource, Template
from .common import (
    Handler,
    Structure,
    icons_of,
    invocation,
    name_of,
    refuse_parameters,
    shaped,
    summary,
    tags,
)


def resource(handler: Handler, uri: str, **given: Any) -> Resource:
    """See `Registry.resource`."""
    refuse_parameters(handler, {"uri"}, f"resource {uri!r}")
    return Resource(
        descriptor=ResourceDescriptor(uri=uri, size=given["size"], **_described(handler, given)),
        invoke=invocation(handler, given, _only({"uri"}, handler)),
        required_scopes=tuple(given["required_scopes"]),
    )


def template(handler: Handler, uri_template: str, **given: Any) -> Template:
    """See `Registry.resource_template`."""
    try:
        pattern = UriTemplate(uri_template)
    except ValueError as error:
        raise RegistrationError(f"{error} ({location(handler)})") from None
    offered = {"uri", *pattern.variables}
    refuse_parameters(handler, offered, f"template {uri_template!r}")
    return Template(
        descriptor=ResourceTemplate(uri_template=uri_template, **_described(handler, given)),
        pattern=pattern,
        invoke=invocation(handler, given, _only(offered, handler)),
        required_scopes=tuple(given["required_scopes"]),
    )


def _described(handler: Handler, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": given["name"] or name_of(handler),
        "title": given["title"],
        "description": given["description"] or summary(handler),
        "mime_type": given["mime_type"],
        "annotations": shaped(Annotations, given["annotations"]),
        "icons": icons_of(given["icons"]),
        "meta": tags(given["meta"], None) or None,
    }


def _only(offered: set[str], handler: Handler) -> Structure:
    """Hand over what the handler asks for, of what is offered."""
    parameters = inspect.signature(handler).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return dict
    wanted = tuple(name for name in parameters if name in offered)
    return lambda given: {name: given[name] for name in wanted}
