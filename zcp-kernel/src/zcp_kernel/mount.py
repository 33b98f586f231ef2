"""Servers under another app's roof: what `FastZCP.mount` takes and returns, and how it fails."""

from __future__ import annotations

from ._core.mount.mounts import Mount, Mounts, MountTarget
from ._core.mount.remote import Per
from ._core.relaying.failures import UpstreamError

__all__ = ["Mount", "MountTarget", "Mounts", "Per", "UpstreamError"]
