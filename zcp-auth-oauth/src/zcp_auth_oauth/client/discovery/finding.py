"""From a refusal to the authorization server (MCP 2025-11-25 and 2026-07-28, basic/authorization).

Rules of this file:
- A document is believed only where it is the one asked for: a resource's must be about the server,
  an issuer's about the issuer.
- A document that is about another is an error, not a reason to ask elsewhere.
- A server without any resource metadata is one of MCP 2025-03-26: its origin is the authorization
  server, with the endpoints that revision names.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from attrs import frozen

from ..errors import DiscoveryFailed, FetchFailed
from ..fetching.web import Web
from .challenges import Demand
from .metadata import IssuerMetadata, ResourceMetadata, issuer_of, resource_of, safe_endpoint
from .urls import covers, issuer_metadata_urls, origin, resource_metadata_urls

log = logging.getLogger("zcp.oauth")


@frozen
class Authority:
    """Who issues tokens for a server. `resource` is what they are for (RFC 8707), None where the
    server has no metadata; `scopes` are those the server names, None if it names none."""

    issuer: IssuerMetadata
    resource: str | None
    scopes: tuple[str, ...] | None = None
    dpop_required: bool = False


async def find_authority(
    web: Web, server: str, demand: Demand, preferred: Iterable[str] = ()
) -> Authority:
    """Who issues tokens for `server`; of several issuers one that is `preferred`, or the first.

    Raises `DiscoveryFailed` and `FetchFailed`.
    """
    resource = await _resource(web, server, demand)
    if resource is None:
        return Authority(await _issuer_of_old(web, server), None)
    if not resource.issuers:
        raise DiscoveryFailed(f"{server} names no authorization server")
    wanted = [one for one in preferred if one in resource.issuers]
    issuer = await _issuer(web, (wanted or resource.issuers)[0])
    return Authority(issuer, resource.resource, resource.scopes, resource.dpop_required)


async def _resource(web: Web, server: str, demand: Demand) -> ResourceMetadata | None:
    urls = resource_metadata_urls(server)
    named = demand.metadata_url
    if named is not None:
        if not safe_endpoint(named) and origin(named) != origin(server):
            raise DiscoveryFailed(f"{server} has its metadata at something that is no https URL")
        urls = list(dict.fromkeys([named, *urls]))
    for url in urls:
        document = await web.document(url)
        if document is None:
            continue
        resource = resource_of(document)
        if not covers(resource.resource, server):
            raise DiscoveryFailed(
                f"the metadata at {url} is about {resource.resource!r}, not about {server}: "
                "tokens for it would not be for this server"
            )
        return resource
    if named is not None:
        raise DiscoveryFailed(f"{server} has no metadata where it says, at {named}")
    return None


async def _issuer(web: Web, issuer: str) -> IssuerMetadata:
    if not safe_endpoint(issuer):
        raise DiscoveryFailed(f"the authorization server {issuer!r} is no https URL")
    found = await _issuer_document(web, issuer)
    if found is None:
        raise DiscoveryFailed(f"the authorization server {issuer} has no metadata")
    return found


async def _issuer_document(web: Web, issuer: str) -> IssuerMetadata | None:
    for url in issuer_metadata_urls(issuer):
        document = await web.document(url)
        if document is None:
            continue
        found = issuer_of(document)
        if found.issuer != issuer:
            raise DiscoveryFailed(
                f"{url} is the metadata of {found.issuer!r}, not of {issuer!r} (RFC 8414, "
                "section 3.3)"
            )
        return found
    return None


async def _issuer_of_old(web: Web, server: str) -> IssuerMetadata:
    """The authorization server of a server of MCP 2025-03-26, "Server Metadata Discovery"."""
    root = origin(server)
    try:
        found = await _issuer_document(web, root)
    except FetchFailed as error:
        raise DiscoveryFailed(f"{server} has no metadata: {error.message}") from error
    if found is not None:
        return found
    log.info("%s has no metadata: taken for a server of MCP 2025-03-26", root)
    return IssuerMetadata(
        issuer=root,
        token_endpoint=f"{root}/token",
        authorization_endpoint=f"{root}/authorize",
        registration_endpoint=f"{root}/register",
        challenge_methods=("S256",),
        discovered=False,
    )
