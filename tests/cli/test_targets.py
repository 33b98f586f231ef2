"""What TARGET names, and what is said when it names nothing."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from zcp_kernel.errors import RegistrationError

from zcp.cli.exits import NOT_STARTED, USAGE, CommandError
from zcp.cli.targets import AppTarget, CommandTarget, load_app, parse_target, serving_line

Write = Callable[[str, str], Path]
ONE = "from zcp import FastZCP\nmain = FastZCP('one')\nsame = main\n"
TWO = "from zcp import FastZCP\na = FastZCP('a')\nb = FastZCP('b')\nother = 3\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a module of a name no other test uses; import state is put back."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> Path:
        place = tmp_path / f"{name}.py"
        place.write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return place

    return write


def test_a_module_and_its_app() -> None:
    assert parse_target("package.module:app") == AppTarget("package.module", "app")
    assert parse_target("module") == AppTarget("module")


def test_a_file_and_its_app(write: Write) -> None:
    place = write("cli_one", ONE)
    assert parse_target(f"{place}:main") == AppTarget(str(place), "main")
    assert parse_target(str(place)) == AppTarget(str(place))


@pytest.mark.parametrize("text", ["an 'open quote", "a-b:app", "", ":app", "x.txt/"])
def test_what_names_nothing_is_a_usage_error(text: str) -> None:
    with pytest.raises(CommandError, match=r"is no (target|command)") as caught:
        parse_target(text)
    assert caught.value.code == USAGE


def test_a_missing_file() -> None:
    with pytest.raises(CommandError, match="there is no file") as caught:
        parse_target("no/such/file.py:app")
    assert caught.value.code == NOT_STARTED


def test_the_only_app_of_a_file_is_found_under_all_its_names(write: Write) -> None:
    assert load_app(AppTarget(str(write("cli_only", ONE)))).name == "one"


def test_a_module_is_found_in_the_working_directory(write: Write) -> None:
    write("cli_module", TWO)
    assert load_app(AppTarget("cli_module", "b")).name == "b"


def test_several_apps_are_named(write: Write) -> None:
    place = write("cli_several", TWO)
    with pytest.raises(CommandError, match=r"say which: .*:a, .*:b"):
        load_app(AppTarget(str(place)))


def test_a_wrong_name_is_answered_with_the_right_ones(write: Write) -> None:
    place = write("cli_wrong", TWO)
    with pytest.raises(CommandError, match=r"no such name; there is .*:a, .*:b"):
        load_app(AppTarget(str(place), "c"))
    with pytest.raises(CommandError, match="a int, not a FastZCP"):
        load_app(AppTarget(str(place), "other"))


def test_a_file_without_an_app(write: Write) -> None:
    with pytest.raises(CommandError, match="has no FastZCP"):
        load_app(AppTarget(str(write("cli_none", "x = 1\n"))))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("import cli_no_such_module\n", "ModuleNotFoundError"),
        ("x = 1 / 0\n", r"ZeroDivisionError: .*cli_broken.py:1"),
        ("def f(:\n", "SyntaxError"),
        ("raise SystemExit(4)\n", "exits with 4"),
    ],
)
def test_a_file_that_does_not_load_says_why(write: Write, text: str, what: str) -> None:
    with pytest.raises(CommandError, match=what) as caught:
        load_app(AppTarget(str(write("cli_broken", text))))
    assert caught.value.code == NOT_STARTED


def test_a_registration_that_cannot_be_names_its_own_place(write: Write) -> None:
    twice = "@app.tool(name='same')\ndef tool() -> int:\n    return 1\n"
    text = f"from zcp import FastZCP\napp = FastZCP('x')\n{twice}{twice}"
    with pytest.raises(RegistrationError, match=r"'same' \(.*cli_twice.py:6\)"):
        load_app(AppTarget(str(write("cli_twice", text))))


SERVES = "from zcp import FastZCP, run_mcp_stdio_server_sync\napp = FastZCP('x')\n"


@pytest.mark.parametrize(
    ("end", "line"),
    [
        ("run_mcp_stdio_server_sync(app)\n", 3),
        ("import asyncio, zcp\nasyncio.run(zcp.run_mcp_stdio_server(app))\n", 4),
        ("if __name__ == '__main__':\n    run_mcp_stdio_server_sync(app)\n", None),
        ("def main():\n    run_mcp_stdio_server_sync(app)\n", None),
        ("def f(:\n", None),
    ],
)
def test_a_file_that_serves_on_import_is_recognised(
    write: Write, end: str, line: int | None
) -> None:
    assert serving_line(write("cli_serves", SERVES + end)) == line


def test_a_file_that_serves_on_import_is_a_program(write: Write) -> None:
    place = write("cli_program", SERVES + "run_mcp_stdio_server_sync(app)\n")
    assert parse_target(str(place)) == CommandTarget((sys.executable, str(place)))
    with pytest.raises(CommandError, match=r"cli_program.py:3 starts serving"):
        parse_target(f"{place}:app")
