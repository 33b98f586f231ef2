"""References inside one schema document (RFC 6901 pointers)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from zcp_kernel.jsontext import is_list, is_object


def referred(document: dict[str, Any], reference: str) -> Any:
    """What a `$ref` points at. Raises `LookupError` where that is nothing of this document."""
    if not reference.startswith("#") or (reference != "#" and reference[1] != "/"):
        raise LookupError(f"$ref {reference!r} leaves the schema")
    found: Any = document
    for part in reference[1:].split("/")[1:]:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if is_object(found) and key in found:
            found = found[key]
        elif is_list(found) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise LookupError(f"$ref {reference!r} points at nothing")
    return found
