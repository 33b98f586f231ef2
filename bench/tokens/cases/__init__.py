"""The cases: a task in words, and a checker that opens the workbooks afterwards."""

from .case import TIERS, Case, every, held_out

__all__ = ["TIERS", "Case", "every", "held_out"]
