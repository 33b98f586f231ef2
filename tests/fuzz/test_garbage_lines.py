"""Garbage on the pipe of a real server process: it lives, and answers what it can."""

import random
import subprocess
import sys

import pytest

from bench.environments import ROOT
from tests.fuzz.frames import SPECIAL
from tests.fuzz.oracle import Due, read
from tests.fuzz.test_frames import good, hello

LINES = 400
END_SECONDS = 60


def garbage(seed: int) -> list[bytes]:
    """Lines of every bad kind: special cases, noise, and good requests cut and overwritten."""
    chance = random.Random(seed)
    lines = [frame for frame in SPECIAL if frame.strip()]
    while len(lines) < LINES:
        line = bytearray(good(chance.randrange(1_000_000)).replace(b"good", b"cut"))
        at = chance.randrange(len(line))
        match chance.randrange(4):
            case 0:
                del line[at:]
            case 1:
                line[at : at + 5] = chance.randbytes(5)
            case 2:
                del line[at : at + chance.randrange(9)]
            case _:
                line = bytearray(chance.randbytes(chance.randrange(60)))
        lines.append(bytes(line).replace(b"\n", b" ").replace(b"\r", b" "))
    chance.shuffle(lines)
    return lines


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"])
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_garbage_lines(loop: str, revision: str) -> None:
    lines = [hello(revision)]
    for number, line in enumerate(garbage(7)):
        lines += [line, good(number)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.served", loop],
        cwd=ROOT,
        input=b"\n".join(lines) + b"\n",
        capture_output=True,
        timeout=END_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    messages = [message for line in done.stdout.splitlines() for message in read(line)]
    answers = [message for message in messages if "method" not in message]
    Due(lines, batches=False).check(answers)
    said = {answer["id"]: answer for answer in answers if isinstance(answer.get("id"), str)}
    for number in range(LINES):
        content = said[f"good-{number}"]["result"]["content"]
        assert content == [{"type": "text", "text": f"text {number}"}]
