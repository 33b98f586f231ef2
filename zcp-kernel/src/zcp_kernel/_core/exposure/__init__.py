"""Who is shown which tools."""

from .defaults import default_profiles
from .exposure import Exposure
from .view import RegistryView

__all__ = ["Exposure", "RegistryView", "default_profiles"]
