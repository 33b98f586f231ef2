"""What a server says during a call, on the terminal: progress and log messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import define, field

from .rendering import Screen, safe

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@define
class Attendant:
    """Shows progress live on standard error: a bar on a terminal, lines elsewhere.

    Use as a context manager; `pause` leaves the terminal to a question or a result. `followed` are
    the ids of tasks whose changes are shown.
    """

    screen: Screen
    followed: set[str] = field(factory=set[str], init=False)
    _bar: Progress | None = field(default=None, init=False)
    _bars: dict[Any, TaskID] = field(factory=dict[Any, "TaskID"], init=False)
    _seen: set[str] = field(factory=set[str], init=False)
    _last_line: str = field(default="", init=False)

    def __enter__(self) -> Attendant:
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()

    def on_log(self, entry: dict[str, Any]) -> None:
        """A log message of the server."""
        data = entry["data"]
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        source = f" {entry['logger']}:" if entry.get("logger") else ""
        self.say(f"[{entry['level']}]{source} {text}")

    def on_progress(self, entry: dict[str, Any]) -> None:
        """A progress notice: `{progressToken, progress, total?, message?}`."""
        if self.screen.quiet:
            return
        if self.screen.err.isatty():
            self._draw(entry)
            return
        line = progress_line(entry)
        if line != self._last_line:
            self._last_line = line
            self.say(line)

    def on_notification(self, method: str, params: dict[str, Any]) -> None:
        """Any notification: of a followed task, its new status is shown."""
        if method == "notifications/tasks/status" and params.get("taskId") in self.followed:
            self.on_status(params)

    def on_status(self, task: dict[str, Any]) -> None:
        """A task as it now stands; shown if that is news."""
        line = status_line(task)
        if line not in self._seen:
            self._seen.add(line)
            self.say(line)

    def say(self, text: str) -> None:
        """A line above whatever is drawn."""
        if self._bar is None:
            self.screen.note(text)
        elif not self.screen.quiet:
            self._bar.console.print(safe(text), markup=False, highlight=False)

    def pause(self) -> None:
        """Stop drawing; the next progress notice begins again."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
            self._bars.clear()

    def _draw(self, entry: dict[str, Any]) -> None:
        bar = self._bar
        if bar is None:
            bar = self._bar = _new_bar(self.screen)
            bar.start()
        token = entry["progressToken"]
        if token not in self._bars:
            self._bars[token] = bar.add_task("", total=None)
        bar.update(
            self._bars[token],
            completed=entry["progress"],
            total=entry.get("total"),
            description=safe(entry.get("message") or "working"),
        )


def status_line(task: dict[str, Any]) -> str:
    """`task 3f…: working - reading`."""
    message = task.get("statusMessage")
    return f"task {task['taskId']}: {task['status']}{f' - {message}' if message else ''}"


def progress_line(entry: dict[str, Any]) -> str:
    """A progress notice as text: `progress 3/10 reading`."""
    total = f"/{entry['total']:g}" if entry.get("total") is not None else ""
    message = f" {entry['message']}" if entry.get("message") else ""
    return f"progress {entry['progress']:g}{total}{message}"


def _new_bar(screen: Screen) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:g}", markup=False),
        TimeElapsedColumn(),
        console=Console(file=screen.err),
    )
