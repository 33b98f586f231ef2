"""On a terminal: tables, progress drawn live, questions asked, control characters shown."""

import os
import pty
import re
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define

from .conftest import Zcp

WAIT_SECONDS = 30


@define
class Terminal:
    """A command that runs on a pseudo terminal."""

    process: subprocess.Popen[str]
    fd: int
    seen: str = ""
    expected: int = 0

    def expect(self, words: str) -> None:
        """Read until `words` were shown, after what was expected before."""
        while (place := self.seen.find(words, self.expected)) < 0:
            assert self._read(), f"ended without {words!r}: {self.seen!r}"
        self.expected = place + len(words)

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def finish(self) -> int:
        """Read what is left; returns the exit code."""
        while self._read():
            pass
        return self.process.wait(WAIT_SECONDS)

    def _read(self) -> bool:
        if not select.select([self.fd], [], [], WAIT_SECONDS)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # Linux says EIO once the other end is closed
            return False
        self.seen += data.decode("utf-8", "replace")
        return bool(data)


Open = Callable[..., Terminal]


@pytest.fixture
def terminal(zcp: Zcp) -> Iterator[Open]:
    opened: list[int] = []

    def run(*args: object) -> Terminal:
        master, slave = pty.openpty()
        opened.append(master)
        zcp.env.update(TERM="xterm-256color")
        process = zcp.start(*args, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        return Terminal(process, master)

    yield run
    for fd in opened:
        os.close(fd)


def test_tools_are_a_table(terminal: Open, kitchen: Path) -> None:
    shown = terminal("tools", kitchen)
    assert shown.finish() == 0
    assert "┃" in shown.seen
    assert "Give back what was given." in shown.seen


def test_progress_is_drawn(terminal: Open, kitchen: Path) -> None:
    shown = terminal("call", kitchen, "steps", "count=4")
    assert shown.finish() == 0
    assert "step 4" in shown.seen
    assert "━" in shown.seen
    assert "[warning] oven: it is getting hot" in shown.seen
    assert shown.seen.rstrip().endswith("done")


def test_a_question_is_asked_field_by_field(terminal: Open, kitchen: Path) -> None:
    shown = terminal("call", kitchen, "order")
    shown.expect("What shall it be?")
    shown.expect("dish (soup/cake): ")
    shown.type("pie\n")
    shown.expect("choose one of soup, cake")
    shown.expect("dish (soup/cake): ")
    shown.type("soup\n")
    shown.expect("plates: ")
    shown.type("\n")
    shown.expect("a value is needed")
    shown.type("few\n")
    shown.expect("a number is wanted")
    shown.type("2\n")
    shown.expect("spicy (yes/no) [False]: ")
    shown.type("\n")
    assert shown.finish() == 0
    assert "accept {'dish': 'soup', 'plates': 2, 'spicy': False}" in shown.seen


def test_ctrl_d_declines(terminal: Open, kitchen: Path) -> None:
    shown = terminal("call", kitchen, "order")
    shown.expect("dish (soup/cake): ")
    shown.type("\x04")
    assert shown.finish() == 0
    assert "decline None" in shown.seen


def test_ctrl_c_at_a_question_ends_the_command(terminal: Open, kitchen: Path) -> None:
    shown = terminal("call", kitchen, "order")
    shown.expect("dish (soup/cake): ")
    shown.process.send_signal(signal.SIGINT)
    assert shown.finish() == 130
    assert "interrupted" in shown.seen


def test_a_server_cannot_steer_the_terminal(terminal: Open, kitchen: Path) -> None:
    shown = terminal("call", kitchen, "shout")
    assert shown.finish() == 0
    assert "\\x1b[31mred" in shown.seen
    assert not re.search("\x1b\\[31m", shown.seen)


def test_binary_content_stays_off_the_terminal(terminal: Open, kitchen: Path) -> None:
    shown = terminal("read", kitchen, "kitchen://photo")
    assert shown.finish() == 1
    assert "application/octet-stream, 256 bytes: use --output FILE" in shown.seen
