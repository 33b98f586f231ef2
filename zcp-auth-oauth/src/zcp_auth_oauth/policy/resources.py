"""What tokens are good for (RFC 8707): this server's own URLs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from attrs import frozen

MOST_RESOURCES = 10


class ResourceRefused(ValueError):
    """The resource is not one this server issues tokens for (`invalid_target`)."""


def canonical(url: str) -> str:
    """A resource's URL with scheme and host in lower case, and no slash at its end."""
    parts = urlsplit(url)
    netloc = parts.netloc.lower()
    for scheme, port in (("https", ":443"), ("http", ":80")):
        if parts.scheme.lower() == scheme:
            netloc = netloc.removesuffix(port)
    path = parts.path.rstrip("/")
    return parts._replace(scheme=parts.scheme.lower(), netloc=netloc, path=path).geturl()


@frozen
class Resources:
    """The URLs one server answers for: its base and its endpoints, which are one resource."""

    base: str
    urls: frozenset[str]

    @classmethod
    def of(cls, base: str, paths: Iterable[str]) -> Resources:
        root = canonical(base)
        return cls(root, frozenset([root, *(root + path for path in paths)]))

    def accepted(self, asked: Sequence[str]) -> tuple[str, ...]:
        """What a token for the resources asked for names as its audience: the base if none was
        named. Raises `ResourceRefused`."""
        if not asked:
            return (self.base,)
        if len(asked) > MOST_RESOURCES:
            raise ResourceRefused("too many resources")
        found: dict[str, None] = {}
        for one in asked:
            parts = urlsplit(one)
            if not parts.scheme or not parts.netloc or "#" in one or "@" in parts.netloc:
                raise ResourceRefused("a resource is an absolute URL without fragment and user")
            url = canonical(one)
            if url not in self.urls:
                raise ResourceRefused(f"this server issues no tokens for that; it is {self.base}")
            found[url] = None
        return tuple(found)

    def good_here(self, audience: Iterable[str]) -> bool:
        """Whether a token with this audience was made for this server."""
        return any(canonical(one) in self.urls for one in audience)
