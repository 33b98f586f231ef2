"""The host joins what plugins hand over; what cannot be used or stands twice is an error."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from attrs import frozen
from zcp_kernel.contracts import (
    Authenticator,
    Dialect,
    ExposureProfile,
    HandleStore,
    Operation,
    Stage,
    TaskStore,
    Transport,
)
from zcp_kernel.errors import PluginError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.plugins import PluginHost

from .making import CONFIG, host_of, returning, shaped

COLLECTORS: dict[str, tuple[str, str, type]] = {
    "zcp_transports": ("transports", "transport", Transport),
    "zcp_dialects": ("dialects", "dialect", Dialect),
    "zcp_operations": ("operations", "operation", Operation),
    "zcp_stages": ("stages", "stage", Stage),
    "zcp_authenticators": ("authenticators", "authenticator", Authenticator),
    "zcp_exposure_profiles": ("profiles", "exposure profile", ExposureProfile),
}


def thing(hook: str, name: Any, scheme: str = "acme") -> Any:
    """What `hook` may hand over."""
    contract = COLLECTORS[hook][2]
    return shaped(contract, name, **({"schemes": (scheme,)} if contract is Transport else {}))


def collected(host: PluginHost, hook: str) -> Any:
    """What comes together behind what the kernel brings by itself."""
    together = everything(host, hook)
    return together[len(everything(PluginHost(discover=False), hook)) :]


def everything(host: PluginHost, hook: str) -> Any:
    method = getattr(host, COLLECTORS[hook][0])
    return method() if hook == "zcp_transports" else method(CONFIG)


@pytest.mark.parametrize("hook", COLLECTORS)
def test_named_objects_of_all_plugins_come_together(hook: str) -> None:
    one, two = thing(hook, "one", "a"), thing(hook, "two", "b")
    host = host_of(returning(hook, [one], "first"), returning(hook, (two,), "second"))
    assert collected(host, hook) == [one, two]


@pytest.mark.parametrize("hook", COLLECTORS)
def test_two_objects_of_one_name_are_an_error_naming_both_plugins(hook: str) -> None:
    host = host_of(
        returning(hook, [thing(hook, "same")], "first"),
        returning(hook, [thing(hook, "same")], "second"),
    )
    with pytest.raises(PluginError, match=r"(?s)'second'.*'same'.*'first'"):
        collected(host, hook)


@pytest.mark.parametrize("hook", COLLECTORS)
def test_one_plugin_cannot_bring_a_name_twice_either(hook: str) -> None:
    with pytest.raises(PluginError, match="'same'"):
        collected(host_of(returning(hook, [thing(hook, "same"), thing(hook, "same")])), hook)


@pytest.mark.parametrize("hook", COLLECTORS)
@pytest.mark.parametrize("value", [None, "text", 7, {"name": 1}, object()])
def test_what_is_no_sequence_is_refused(hook: str, value: Any) -> None:
    kind = COLLECTORS[hook][1]
    with pytest.raises(PluginError, match=f"plugin 'acme'.*{hook} returned .*sequence of {kind}s"):
        collected(host_of(returning(hook, value)), hook)


@pytest.mark.parametrize("hook", COLLECTORS)
def test_an_object_of_the_wrong_kind_is_refused(hook: str) -> None:
    @frozen
    class Nameless:
        value: int = 1

    with pytest.raises(PluginError, match=f"{hook} gave a Nameless.*it has no name"):
        collected(host_of(returning(hook, [Nameless()])), hook)


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_name_is_a_non_empty_string(name: Any) -> None:
    with pytest.raises(PluginError, match="whose name is"):
        host_of(returning("zcp_stages", [shaped(Stage, name)])).stages(CONFIG)


async def _nothing(*_: Any) -> None: ...


def test_the_contracts_own_classes_pass() -> None:
    stage = Stage("log", _nothing)
    operation = Operation("acme/echo", dict, dict, _nothing)
    host = host_of(
        returning("zcp_stages", [stage], "a"), returning("zcp_operations", [operation], "b")
    )
    assert host.stages(CONFIG) == [stage]
    assert host.operations(CONFIG)[-1] is operation


def test_a_generator_may_hand_the_objects_over() -> None:
    def things() -> Any:
        yield thing("zcp_transports", "one")

    (one,) = host_of(returning("zcp_transports", things())).transports()
    assert one.name == "one"


def test_two_transports_for_one_url_scheme_are_an_error() -> None:
    host = host_of(
        returning("zcp_transports", [shaped(Transport, "a", schemes=("x", "y"))], "first"),
        returning("zcp_transports", [shaped(Transport, "b", schemes=("y",))], "second"),
    )
    with pytest.raises(PluginError, match=r"transport for URL scheme 'y'.*'first'"):
        host.transports()


# -- other shapes of result ------------------------------------------------------------------------


@frozen
class AcmeSection:
    limit: int = 3


def test_config_sections_come_together_with_the_kernels_own() -> None:
    host = host_of(returning("zcp_config_sections", {"acme": AcmeSection}))
    assert host.config_sections()["acme"] is AcmeSection
    assert "tools" in host.config_sections()


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"tools": AcmeSection}, "'tools', already brought by plugin 'kernel'"),
        ({"acme": dict}, "for section 'acme', not an attrs class"),
        ({"acme": AcmeSection()}, "not an attrs class"),
        ({"Acme": AcmeSection}, "names a section 'Acme'; use lower-case"),
        ({"ac__me": AcmeSection}, "names a section 'ac__me'"),
        ([AcmeSection], "returned a list, not a mapping"),
        (None, "returned None, not a mapping"),
    ],
)
def test_config_sections_that_cannot_be(sections: Any, problem: str) -> None:
    with pytest.raises(PluginError, match=problem):
        host_of(returning("zcp_config_sections", sections)).config_sections()


def test_asgi_mounts() -> None:
    def application() -> None: ...

    host = host_of(
        returning("zcp_asgi_mounts", {"/a": application}, "first"),
        returning("zcp_asgi_mounts", {"/b": application}, "second"),
    )
    assert host.asgi_mounts(None) == {"/a": application, "/b": application}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mounts", "problem"),
    [({"a": print}, "a path begins with '/'"), ({"/a": 3}, "not callable"), (None, "None")],
)
def test_asgi_mounts_that_cannot_be(mounts: Any, problem: str) -> None:
    with pytest.raises(PluginError, match=problem):
        host_of(returning("zcp_asgi_mounts", mounts)).asgi_mounts(None)  # type: ignore[arg-type]


def test_two_mounts_at_one_path_are_an_error() -> None:
    host = host_of(
        returning("zcp_asgi_mounts", {"/a": print}, "first"),
        returning("zcp_asgi_mounts", {"/a": print}, "second"),
    )
    with pytest.raises(PluginError, match=r"mount '/a', already brought by plugin 'first'"):
        host.asgi_mounts(None)  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_a_lifespan_may_be_an_asynccontextmanager_function() -> None:
    entered: list[Any] = []

    class Plugin:
        name = "acme"

        @hookimpl
        @asynccontextmanager
        async def zcp_lifespan(self, kernel: Any) -> Any:
            entered.append(kernel)
            yield

    (lifespan,) = host_of(Plugin()).lifespans("kernel")  # type: ignore[arg-type]
    assert isinstance(lifespan, AbstractAsyncContextManager)
    async with lifespan:
        assert entered == ["kernel"]


@pytest.mark.parametrize("value", [None, 3, open])
def test_a_lifespan_that_cannot_be_entered(value: Any) -> None:
    with pytest.raises(PluginError, match="not an async context manager"):
        host_of(returning("zcp_lifespan", value)).lifespans(None)  # type: ignore[arg-type]


def test_stores_of_two_kinds_may_share_a_name() -> None:
    tasks, handles = shaped(TaskStore, "shared"), shaped(HandleStore, "shared")
    host = host_of(returning("zcp_stores", [tasks, handles]))
    assert host.stores(CONFIG)[-2:] == [tasks, handles]


def test_two_task_stores_of_one_name_are_an_error() -> None:
    host = host_of(
        returning("zcp_stores", [shaped(TaskStore, "shared")], "first"),
        returning("zcp_stores", [shaped(TaskStore, "shared")], "second"),
    )
    with pytest.raises(PluginError, match=r"task store 'shared', already brought by .*'first'"):
        host.stores(CONFIG)


def test_what_keeps_nothing_is_no_store() -> None:
    with pytest.raises(PluginError, match="SimpleNamespace, which is no store"):
        host_of(returning("zcp_stores", [shaped(Stage, "x")])).stores(CONFIG)
