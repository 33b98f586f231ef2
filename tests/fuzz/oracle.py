"""How often each id must, and may, be answered: worked out from the frames alone, with `json`."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

Id = tuple[str, Any]
"""An id with its type, for 1 == True and 1 == 1.0."""


def key(value: Any) -> Id:
    return (type(value).__name__, value if isinstance(value, (str, int)) else None)


NOBODY = key(None)
WRAPPED = key("w")
"""The id of the deeply nested frames in `frames.SPECIAL`."""


class Due:
    """The answers a series of frames may have.

    `must`: requests whose id `json` can read; each is answered exactly once. `may`: answers in
    addition, for what was no request: an error under its id or under none. `given_up`: ids a
    cancellation named, whose answers may stay away.
    """

    def __init__(self, frames: Iterable[bytes], *, batches: bool) -> None:
        self.must: Counter[Id] = Counter()
        self.may: Counter[Id] = Counter()
        self.given_up: set[Id] = set()
        for frame in frames:
            self._frame(frame, batches)

    def _frame(self, frame: bytes, batches: bool) -> None:
        try:
            message = json.loads(frame)
        except ValueError:
            self.may[NOBODY] += 1
            return
        except RecursionError:
            # How deep `json` gets depends on who calls it: the session may have read this one.
            self.may[NOBODY] += 1
            self.may[WRAPPED] += 1
            return
        if isinstance(message, list) and batches and message and not _refused(frame):
            for part in message:
                self._message(part)
        elif isinstance(message, dict):
            self._message(message)
        else:
            self.may[NOBODY] += 1

    def _message(self, message: Any) -> None:
        if not isinstance(message, dict):
            self.may[NOBODY] += 1
            return
        request_id, method = message.get("id"), message.get("method")
        if isinstance(method, str) and type(request_id) in (str, int):
            self.must[key(request_id)] += 1
            return
        if method == "notifications/cancelled":
            params = message.get("params")
            if isinstance(params, dict):
                self.given_up.add(key(params.get("requestId")))
        if type(request_id) in (str, int):
            self.may[key(request_id)] += 1
        self.may[NOBODY] += 1

    def check(self, answers: Iterable[Any]) -> None:
        """Raises `AssertionError` for an answer too few, too many or out of shape."""
        counts: Counter[Id] = Counter()
        for answer in answers:
            _shape(answer)
            counts[key(answer.get("id"))] += 1
        for each in set(self.must) | set(counts):
            least = 0 if each in self.given_up else self.must[each]
            most = self.must[each] + self.may[each]
            assert least <= counts[each] <= most, f"{each}: {counts[each]} not {least}…{most}"


def _refused(frame: bytes) -> bool:
    """Whether a whole frame is to be refused although `json` reads it (NaN, depth)."""
    from zcp_kernel.errors import ParseError
    from zcp_kernel.jsontext import loads

    try:
        loads(frame)
    except ParseError:
        return True
    return False


def _shape(answer: Any) -> None:
    assert answer["jsonrpc"] == "2.0", answer
    assert ("result" in answer) != ("error" in answer), answer
    assert "id" in answer or "error" in answer, answer
    assert set(answer) <= {"jsonrpc", "id", "result", "error"}, answer
    if "error" in answer:
        assert type(answer["error"]["code"]) is int, answer
        assert type(answer["error"]["message"]) is str, answer
        assert set(answer["error"]) <= {"code", "message", "data"}, answer


def read(frame: bytes) -> list[Any]:
    """The answers in a frame of ours, which must be strict JSON."""
    message = json.loads(frame, parse_constant=_never)
    return message if isinstance(message, list) else [message]


def _never(name: str) -> Any:
    raise AssertionError(f"{name} was sent")
