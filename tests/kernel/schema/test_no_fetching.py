"""Nothing an engine does with a schema reaches the network: a loopback server stays unvisited."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.request import urlopen

import pytest
from zcp_kernel.contracts import SchemaEngine
from zcp_kernel.errors import SchemaRefused


class Canary:
    """A server whose every visitor is written down."""

    def __init__(self) -> None:
        self.visits: list[str] = []
        visits = self.visits

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                visits.append(self.path)
                body = b'{"type": "string"}'
                self.send_response(200)
                self.send_header("Content-Type", "application/schema+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                visits.append(format % args)

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def canary() -> Iterator[Canary]:
    canary = Canary()
    thread = threading.Thread(target=canary.server.serve_forever, args=(0.01,))
    thread.start()
    yield canary
    canary.server.shutdown()
    thread.join()
    canary.server.server_close()


def schemas(url: str) -> dict[str, Any]:
    """Every way a schema can point out of its document."""
    return {
        "ref": {"$ref": f"{url}/ref"},
        "ref with fragment": {"$ref": f"{url}/ref#/$defs/a"},
        "nested ref": {"properties": {"a": {"items": {"$ref": f"{url}/nested"}}}},
        "ref in a list": {"anyOf": [{"type": "null"}, {"$ref": f"{url}/list"}]},
        "ref under not": {"not": {"$ref": f"{url}/not"}},
        "ref in unused definition": {"$defs": {"a": {"$ref": f"{url}/unused"}}},
        "relative to id": {"$id": f"{url}/root", "$ref": "other"},
        "relative to nested id": {
            "$id": f"{url}/root",
            "properties": {"a": {"$id": "deep/er", "$ref": "other"}},
        },
        "schema": {"$schema": f"{url}/dialect", "type": "string"},
        "nested schema": {
            "$defs": {"a": {"$id": f"{url}/a", "$schema": f"{url}/dialect"}},
            "$ref": "#/$defs/a",
        },
        "dynamic ref": {"$dynamicRef": f"{url}/dynamic#node"},
        "recursive ref": {
            "$schema": "https://json-schema.org/draft/2019-09/schema",
            "$recursiveRef": f"{url}/recursive",
        },
        "old draft": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"a": {"$ref": f"{url}/old"}},
            "$ref": "#/definitions/a",
        },
        "draft 4 id": {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "id": f"{url}/four",
            "properties": {"a": {"$ref": "five"}},
        },
        "id alone": {"$id": f"{url}/me", "type": "object"},
        "id and pointer": {"$id": f"{url}/me", "$defs": {"a": {}}, "$ref": "#/$defs/a"},
        "id and itself": {"$id": f"{url}/me", "properties": {"a": {"$ref": f"{url}/me"}}},
        "vocabulary": {"$vocabulary": {f"{url}/vocabulary": True}},
        "file": {"$ref": "file:///etc/hostname"},
        "ftp": {"$ref": url.replace("http", "ftp")},
        "data": {"$ref": "data:application/json,{}"},
        "in a constant": {"const": {"$ref": f"{url}/constant", "$id": f"{url}/x"}},
        "in examples": {"examples": [{"$ref": f"{url}/example"}]},
        "under an unknown keyword": {"x-other": {"$ref": f"{url}/unknown"}},
    }


VALUES: list[Any] = [None, "x", 1, [], {}, {"a": [1]}, {"a": {"b": 1}}, [[1]]]
STAYS_INSIDE = {
    "id alone",
    "id and pointer",
    "id and itself",
    "in a constant",
    "in examples",
    "under an unknown keyword",
    "vocabulary",
    "recursive ref",
    "ref in unused definition",
}
"""What an engine may compile without leaving the document."""


@pytest.mark.parametrize("case", schemas(""))
def test_nothing_is_fetched(engine: SchemaEngine, canary: Canary, case: str) -> None:
    try:
        compiled = engine.compile(schemas(canary.url)[case])
    except SchemaRefused:
        assert case not in STAYS_INSIDE or engine.name == "pure" or "unused" in case
    else:
        assert case in STAYS_INSIDE
        for value in VALUES:
            assert bool(compiled.faults(value)) is not compiled.is_valid(value)
    assert canary.visits == []


def test_the_canary_sings(canary: Canary) -> None:
    with urlopen(f"{canary.url}/song") as answer:
        assert answer.status == 200
    assert "/song" in canary.visits
