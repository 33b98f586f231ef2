"""The settings of a stdio server: configuration section `stdio`.

`metadata` documents a field: `help` says what it does, `unit` what its number counts.
"""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, gt

MIB = 1024 * 1024


@frozen
class StdioConfig:
    """How a server talks over its standard streams and how long it may take to end."""

    max_line_bytes: int = field(
        default=16 * MIB,
        validator=gt(0),
        metadata={
            "help": "Longest line accepted, its newline not counted; a longer one is an error.",
            "unit": "bytes",
        },
    )
    max_queued_bytes: int = field(
        default=MIB,
        validator=gt(0),
        metadata={
            "help": "Output held for a slow reader before senders have to wait.",
            "unit": "bytes",
        },
    )
    shutdown_seconds: float = field(
        default=5.0,
        validator=ge(0),
        metadata={
            "help": "Time handlers have to finish after end of input, a signal or the loss of the "
            "parent; the process ends a second later at most.",
            "unit": "seconds",
        },
    )
    watch_parent: bool = field(
        default=True,
        metadata={
            "help": "End when the process that started the server is gone, even if somebody still "
            "holds its pipes open."
        },
    )
