"""The kernel's own configuration sections."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen
from attrs.validators import ge, gt, optional

from .documented import setting

MIB = 1024 * 1024


@frozen
class ServerSection:
    """What the server as a whole does."""

    service_name: str | None = setting(
        None, "Name to report to operators; the app's own name if not given."
    )
    environment: Literal["development", "production"] = setting(
        "development", "Where this runs, for operators to see."
    )
    page_size: int = setting(1000, "Longest page of a list.", unit="entries", check=gt(0))
    mask_errors: bool = setting(
        False, "Replace the message of an unexpected handler exception by an id found in the log."
    )
    local_scopes: tuple[str, ...] | None = setting(
        None, "Scopes of a stdio or in-process peer; every scope if not given."
    )


@frozen
class ToolsSection:
    """How tools are checked and run."""

    validate_lenient: bool = setting(
        True, 'Coerce scalar strings ("3" for an integer) once the strict check has failed.'
    )
    output_check: bool = setting(True, "Check structured results against the output schema.")
    default_timeout: float | None = setting(
        None,
        "Time a tool may take that names no timeout of its own; unlimited if not given.",
        unit="seconds",
        check=optional(gt(0)),
    )
    max_threads: int = setting(
        32, "Most handlers that run in worker threads at once.", unit="threads", check=gt(0)
    )
    inline_max_bytes: int = setting(
        8192,
        'Largest encoded result that `output_mode="auto"` sends inline; beyond it, a handle.',
        unit="bytes",
        check=ge(0),
    )
    mcp_structured: Literal["both", "structured", "text"] = setting(
        "both", "How an MCP peer gets a structured result: as data, as JSON text, or as both."
    )


@frozen
class TasksSection:
    """Where tasks are kept, and for how long."""

    store: str | None = setting(
        None, "Name of the task store. By default the one another section configures, else memory."
    )
    default_ttl_ms: int = setting(
        3_600_000, "Life of a task that asks for none.", unit="milliseconds", check=gt(0)
    )
    max_ttl_ms: int = setting(
        86_400_000, "Longest life a task may ask for.", unit="milliseconds", check=gt(0)
    )
    poll_interval_ms: int = setting(
        500, "Poll interval suggested to clients.", unit="milliseconds", check=gt(0)
    )
    lease_seconds: float = setting(
        15.0,
        "How long a process that shares the store may be silent before others take over what it "
        "ran.",
        unit="seconds",
        check=gt(0),
    )
    max_per_owner: int = setting(
        1000, "Most tasks one session or principal may have.", unit="tasks", check=gt(0)
    )


@frozen
class HandlesSection:
    """Where large results are kept, and how many bytes they may take."""

    store: str | None = setting(
        None,
        "Name of the handle store. By default the one another section configures, else memory.",
    )
    ttl_ms: int = setting(600_000, "Life of a handle.", unit="milliseconds", check=gt(0))
    max_bytes_per_owner: int = setting(
        16 * MIB, "Budget of one session or principal.", unit="bytes", check=gt(0)
    )
    max_bytes_total: int = setting(64 * MIB, "Budget of all owners.", unit="bytes", check=gt(0))
    preview_bytes: int = setting(
        512,
        "Most that is sent of a kept result beside its handle: its first items, members or "
        "characters. 0 is none.",
        unit="bytes",
        check=ge(0),
    )
    max_reference_bytes: int = setting(
        16 * MIB,
        'Most that the `{"$handle": id}` of one call\'s arguments may stand for.',
        unit="bytes",
        check=ge(0),
    )
    mcp: bool = setting(
        False,
        "Keep large results of MCP peers as well, and send a link to them; tools with an output "
        "schema always send theirs.",
    )


@frozen
class ToolExposureConfig:
    """Which tools a peer sees, and whether what it does not see can be called."""

    default_profile: str | None = setting(
        None, "Exposure profile of native peers that ask for none."
    )
    default_profiles: dict[str, str] = field(
        factory=dict[str, str],
        metadata={"help": "Exposure profile per dialect, such as mcp=everything."},
    )
    enforce_visibility: bool = setting(
        True, "Refuse calls of tools outside the view in force as if they did not exist."
    )
    allow_client_filters: bool = setting(
        False,
        "Let peers widen their view beyond the server's default; narrowing is always allowed.",
    )
    show_forbidden: bool = setting(
        True, "List tools whose scopes the caller lacks; calling them is refused either way."
    )


@frozen
class KeysSection:
    """What seals the state that travels through clients' hands."""

    ring: str = setting("memory", "Name of the key ring; `memory` lives and dies with the process.")
    secrets: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "Secrets to derive keys from: the first seals, all open. Processes that serve "
            "the same clients need the same; none means a random key for each process.",
            "secret": True,
        },
    )


@frozen
class RateLimitConfig:
    """How many requests one caller may make; health and readiness do not count."""

    max_requests: int | None = setting(
        None, "Most requests of one caller within a window; unlimited if not given.",
        unit="requests", check=optional(gt(0)),
    )  # fmt: skip
    window_seconds: float = setting(60.0, "Length of the window.", unit="seconds", check=gt(0))
    by: Literal["principal", "address"] = setting(
        "principal",
        "Who a caller is: the principal (its address as long as it has not signed in), or the "
        "address alone.",
    )
    max_callers: int = setting(
        10_000, "Most callers counted one by one; more of them share one budget.", unit="callers",
        check=gt(0),
    )  # fmt: skip


KERNEL_SECTIONS: dict[str, type] = {
    "server": ServerSection,
    "tools": ToolsSection,
    "tasks": TasksSection,
    "handles": HandlesSection,
    "exposure": ToolExposureConfig,
    "keys": KeysSection,
    "rate_limit": RateLimitConfig,
}
