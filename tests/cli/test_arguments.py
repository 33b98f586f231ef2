"""`key=value` becomes what the tool's schema wants."""

import io
import json
from pathlib import Path
from typing import Any

import click
import pytest

from zcp.cli.arguments import read_arguments, read_strings, types_of

TYPED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "maybe": {"type": ["string", "null"]},
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "flag": {"type": "boolean"},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "numbers": {"type": "array", "items": {"type": "integer"}},
        "perhaps": {"anyOf": [{"$ref": "#/$defs/Names"}, {"type": "null"}]},
        "shape": {"type": "object"},
        "mood": {"enum": ["calm", "wild"]},
        "level": {"$ref": "#/$defs/Level"},
        "free": {},
    },
    "$defs": {
        "Names": {"type": "array", "items": {"type": "string"}},
        "Level": {"enum": ["1", "2"]},
    },
}


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("text=12", "12"),
        ("text=true", "true"),
        ("text={}", "{}"),
        ('text="quoted"', "quoted"),
        ("text=", ""),
        ("text=a=b", "a=b"),
        ("maybe=null", None),
        ("maybe=7", "7"),
        ("count=12", 12),
        ("count=twelve", "twelve"),
        ("count=12345678901234567890123", 12345678901234567890123),
        ("ratio=1", 1),
        ("ratio=1.5", 1.5),
        ("ratio=NaN", "NaN"),
        ("flag=true", True),
        ("either=3", 3),
        ("either=x", "x"),
        ("tags=one", ["one"]),
        ("tags=1", ["1"]),
        ('tags=["a", "b"]', ["a", "b"]),
        ("numbers=4", [4]),
        ("perhaps=4", ["4"]),
        ("perhaps=null", None),
        ('shape={"a": [1]}', {"a": [1]}),
        ("mood=calm", "calm"),
        ("level=1", "1"),
        ("free=1", 1),
        ("free=one", "one"),
        ("unknown=[1]", [1]),
    ],
)
def test_a_value_follows_its_schema(pair: str, value: Any) -> None:
    key = pair.partition("=")[0]
    read = read_arguments([pair], None, TYPED)
    assert read == {key: value}
    assert type(read[key]) is type(value)


def test_without_a_schema_a_value_is_json_or_a_string() -> None:
    read = read_arguments(["a=1", "b=x", 'c={"d": null}'], None, None)
    assert read == {"a": 1, "b": "x", "c": {"d": None}}


def test_a_repeated_key_makes_a_list() -> None:
    assert read_arguments(["tags=a", "tags=2"], None, TYPED) == {"tags": ["a", "2"]}
    assert read_arguments(["free=a", "free=2"], None, TYPED) == {"free": ["a", 2]}


def test_a_repeated_key_of_one_value_is_refused() -> None:
    with pytest.raises(click.UsageError, match="count is given 2 times"):
        read_arguments(["count=1", "count=2"], None, TYPED)


@pytest.mark.parametrize("pair", ["novalue", "=x"])
def test_what_is_no_pair_is_refused(pair: str) -> None:
    with pytest.raises(click.UsageError, match="is not key=value"):
        read_arguments([pair], None, None)


def test_a_document_gives_arguments_and_pairs_stand_over_it() -> None:
    read = read_arguments(["a=2"], '{"a": 1, "b": 3}', None)
    assert read == {"a": 2, "b": 3}


def test_a_document_comes_from_a_file(tmp_path: Path) -> None:
    place = tmp_path / "args.json"
    place.write_text(json.dumps({"ü": 1}), "utf-8")
    assert read_arguments([], f"@{place}", None) == {"ü": 1}


def test_a_document_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"a": 1}'))
    assert read_arguments([], "@-", None) == {"a": 1}


@pytest.mark.parametrize("document", ["[1]", "{", "@no/such/file"])
def test_a_document_that_is_none_is_refused(document: str) -> None:
    with pytest.raises(click.UsageError, match="--args"):
        read_arguments([], document, None)


def test_prompt_values_stay_strings() -> None:
    assert read_strings(["a=1", "b=null"]) == {"a": "1", "b": "null"}


def test_a_schema_that_refers_to_itself_ends() -> None:
    circle = {"$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert types_of({"$ref": "#/$defs/a"}, circle) is None
