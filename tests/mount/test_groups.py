"""A group of sessions, of what kind ever; and items of a catalogue that come and go together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.client_group import ZCPSessionGroup
from zcp_kernel.errors import InvalidParams, RegistrationError
from zcp_kernel.registry import Catalogue

from .conftest import Site, weather

Put = Callable[[FastZCP], Site]


@pytest.mark.anyio
async def test_a_group_completes_by_qualified_and_bare_names(site: Put) -> None:
    inner = weather("B")

    @inner.completion("docs://page/{page}")
    def pages(request: object) -> list[str]:
        return ["1", "2"]

    sessions = [site(weather("A")).session(), site(inner).session()]
    async with ZCPSessionGroup(sessions) as group:
        completed = await group.complete("b.summary", "city", "H")
        assert completed["completion"]["values"] == ["summary:Hangzhou"]
        with pytest.raises(InvalidParams, match=r"a\.summary, b\.summary"):
            await group.complete("summary", "city", "H")
        completed = await group.complete({"uri": "docs://page/{page}"}, "page", "", backend="b")
        assert completed["completion"]["values"] == ["1", "2"]
        assert [name for name, _ in group.members] == ["a", "b"]


def test_items_are_put_where_their_place_was_taken() -> None:
    catalogue: Catalogue[str] = Catalogue("thing")
    changes: list[int] = []
    catalogue.add("first", "1")
    place = catalogue.reserve()
    catalogue.add("last", "9")
    catalogue.listen(lambda: changes.append(catalogue.version))
    catalogue.fill(place, {"b": "2", "a": "3"}, {"x.b": "b"})
    assert list(catalogue.keys()) == ["first", "b", "a", "last"]
    assert (catalogue.get("x.b"), "x.b" in catalogue) == ("2", False)
    catalogue.fill(place, {"c": "4"})
    assert list(catalogue) == ["1", "4", "9"]
    assert catalogue.get("x.b") is None
    assert len(changes) == 2, "one change, however many items"
    overlay: Catalogue[str] = Catalogue("thing", catalogue)
    assert list(overlay) == ["1", "4", "9"]


def test_a_place_takes_nobodys_key() -> None:
    catalogue: Catalogue[str] = Catalogue("thing")
    catalogue.add("mine", "1")
    with pytest.raises(RegistrationError, match="'mine' is registered already"):
        catalogue.fill(catalogue.reserve(), {"new": "2", "mine": "3"})
    assert list(catalogue.keys()) == ["mine"]


def test_what_is_not_listed_is_asked_for() -> None:
    catalogue: Catalogue[str] = Catalogue("thing")
    catalogue.add_resolver(lambda key: key.upper() if key == "known" else None)
    overlay: Catalogue[str] = Catalogue("thing", catalogue)
    assert overlay.get("known") is None
    assert overlay.resolve("known") == "KNOWN"
    assert overlay.resolve("other") is None
