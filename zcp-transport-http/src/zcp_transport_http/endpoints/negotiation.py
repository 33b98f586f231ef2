"""What a client takes and sends: `Accept`, `Content-Type`, `Idempotency-Key`, and fields that may
come only once."""

from __future__ import annotations

from functools import lru_cache

from attrs import frozen

from ..wire import Headers

__all__ = ["Accepted", "accepted", "contradicts", "is_json", "resend_key"]

KEY = "idempotency-key"
MAX_KEY = 128


@frozen
class Accepted:
    """Which of our two forms of an answer a client takes."""

    json: bool
    stream: bool


ANYTHING = Accepted(True, True)
_MAX_CACHED = 200


def accepted(headers: Headers) -> Accepted:
    """By the `Accept` field (RFC 9110, 12.5.1); one that is missing accepts anything."""
    if "accept" not in headers:
        return ANYTHING
    value = ", ".join(headers.all("accept")) if headers.repeats else headers["accept"]
    return _cached(value) if len(value) <= _MAX_CACHED else _parse(value)


def _parse(value: str) -> Accepted:
    weights: dict[str, bool] = {}
    for part in value.lower().split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        weights[media_range] = not any(_is_zero(each) for each in parameters)
    return Accepted(
        _takes(weights, "application/json", "application/*"),
        _takes(weights, "text/event-stream", "text/*"),
    )


_cached = lru_cache(maxsize=256)(_parse)


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip().strip("0.") == "" and value.strip() != ""


def _takes(weights: dict[str, bool], exact: str, family: str) -> bool:
    for media_range in (exact, family, "*/*"):
        if media_range in weights:
            return weights[media_range]
    return False


def is_json(headers: Headers) -> bool:
    """Whether the body says it is JSON."""
    kind = headers.get("content-type", "")
    return kind == "application/json" or kind.partition(";")[0].strip().lower() == (
        "application/json"
    )


def contradicts(headers: Headers, *names: str) -> str | None:
    """The first of these fields that came with several values, None if there is none."""
    if not headers.repeats:
        return None
    for name in names:
        if len(set(headers.all(name))) > 1:
            return name
    return None


def resend_key(headers: Headers) -> str | None:
    """What a request that is sent again has in common with the first (Idempotency-Key,
    draft-ietf-httpapi-idempotency-key-header); None without one, or with one nobody should keep."""
    key = headers.get(KEY)
    return key if key and len(key) <= MAX_KEY else None
