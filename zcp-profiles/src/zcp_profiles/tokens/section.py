"""The configuration section `tokens`."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen
from attrs.validators import gt, optional

from .counting import DEFAULT_ENCODING


@frozen
class TokensSection:
    """A budget for the catalogue: passing it is warned of when the server starts."""

    budget: int | None = field(
        default=None,
        validator=optional(gt(0)),
        metadata={
            "help": "Most tokens a surface's tools may take as it lists them by default; a warning "
            "names the surface and its heaviest tools. No budget if not given.",
            "unit": "tokens",
        },
    )
    encoding: Literal["o200k_base", "cl100k_base"] = field(
        default=DEFAULT_ENCODING,
        metadata={
            "help": "Whose tokens are counted; estimated where the extra `tokens` is not installed."
        },
    )
