"""Who is measured: a name, an environment, and the scripts that make it serve."""

from dataclasses import dataclass
from pathlib import Path

from .environments import FASTMCP, MCP2, OURS, Environment, interpreter

HERE = Path(__file__).resolve().parent
ECHO, OFFICIAL, FAST, ZCP = "bare echo", "MCP SDK", "FastMCP", "zcp"


@dataclass(frozen=True)
class Contender:
    """One server under measurement. The echo runs in our environment: it imports nothing of it."""

    name: str
    environment: Environment
    server: str
    worker: str | None = None

    def serve(self, tools: int = 0) -> list[str]:
        """The command of its stdio server, with `tools` further tools."""
        return [interpreter(self.environment), str(HERE / "servers" / self.server), str(tools)]

    def work(self) -> list[str]:
        """The command of its in-process worker, to be run in the root of the repository."""
        assert self.worker is not None
        return [interpreter(self.environment), "-m", f"bench.workers.{self.worker}"]


CONTENDERS = (
    Contender(ECHO, OURS, "echo.py"),
    Contender(OFFICIAL, MCP2, "official.py", "official"),
    Contender(FAST, FASTMCP, "fastmcp_server.py", "fastmcp_client"),
    Contender(ZCP, OURS, "ours.py", "ours"),
)
