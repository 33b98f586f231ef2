"""From process start to the first answer, and the memory of a server at work."""

from statistics import median

from bench.contenders import CONTENDERS, ZCP, Contender
from bench.report import Bar, Table
from bench.wire import Wire, resident_megabytes

ROUNDS = 9

FIRST_ANSWER, RESIDENT = "ms to first answer", "MB resident"


def measure() -> list[Table]:
    """New processes in turn. The first answer is `initialize`'s; memory is read after a call."""
    rounds: dict[tuple[str, str], list[float]] = {}
    for at in range(ROUNDS + 1):
        for contender in CONTENDERS:
            started, resident = _one(contender)
            # The first process of each pays for cold files.
            if at:
                rounds.setdefault((contender.name, FIRST_ANSWER), []).append(started)
                rounds.setdefault((contender.name, RESIDENT), []).append(resident)
    rows = {
        contender.name: {
            column: median(rounds[contender.name, column]) for column in (FIRST_ANSWER, RESIDENT)
        }
        for contender in CONTENDERS
    }
    bars = [
        Bar("first answer, ms", 250, rows[ZCP][FIRST_ANSWER], False),
        Bar("resident, MB", 45, rows[ZCP][RESIDENT], False),
    ]
    return [Table("Start and memory of a stdio server", "median", rows, bars)]


def _one(contender: Contender) -> tuple[float, float]:
    """Milliseconds to the first answer, and megabytes after one call."""
    command = contender.serve()
    wire = Wire(command)
    try:
        wire.initialize()
        started = (wire.answered - wire.started) * 1e3
        wire.request("tools/call", {"name": "echo_async", "arguments": {"text": "once"}})
        return started, resident_megabytes(wire.pid)
    finally:
        wire.close()
