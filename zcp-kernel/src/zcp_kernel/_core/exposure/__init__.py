"""Who is shown which tools."""

from .defaults import chosen_profiles, default_profiles, profiles_by_name
from .exposure import Exposure
from .view import RegistryView

__all__ = [
    "Exposure",
    "RegistryView",
    "chosen_profiles",
    "default_profiles",
    "profiles_by_name",
]
