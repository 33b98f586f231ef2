"""What was measured: a digest of the agent, the cases and the tools."""

import hashlib
from pathlib import Path

_HERE = Path(__file__).resolve().parent.parent
PARTS = ("agent", "cases", "sheets")


def digest(part: str) -> str:
    """SHA-256 of a package's sources, by name."""
    said = hashlib.sha256()
    for path in sorted((_HERE / part).glob("*.py")):
        said.update(f"{path.name}\n".encode() + path.read_bytes())
    return said.hexdigest()


def digests() -> dict[str, str]:
    """What results carry, so that nobody changes agent or cases and keeps old figures."""
    return {part: digest(part) for part in PARTS}
