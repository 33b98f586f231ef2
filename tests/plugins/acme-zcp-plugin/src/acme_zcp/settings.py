"""Configuration section `acme`."""

from __future__ import annotations

from attrs import field, frozen


@frozen
class AcmeSection:
    """How the greeting tool greets."""

    greeting: str = field(default="Hello", metadata={"help": "The word to greet with."})
