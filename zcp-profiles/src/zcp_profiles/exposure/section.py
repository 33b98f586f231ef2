"""The configuration section `budget`."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import gt

from .budget import DEFAULT_TOKENS


@frozen
class BudgetSection:
    """The exposure profile `budget`."""

    tokens: int = field(
        default=DEFAULT_TOKENS,
        validator=gt(0),
        metadata={
            "help": "Most the tools it shows may cost in a model's context, as estimated.",
            "unit": "tokens",
        },
    )
