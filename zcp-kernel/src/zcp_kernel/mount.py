"""Servers under another app's roof: what `FastZCP.mount` takes and returns, and how it fails."""

from __future__ import annotations

from ._core.mount.failures import UpstreamError
from ._core.mount.mounts import Mount, Mounts, MountTarget
from ._core.mount.remote import Per

__all__ = ["Mount", "MountTarget", "Mounts", "Per", "UpstreamError"]
