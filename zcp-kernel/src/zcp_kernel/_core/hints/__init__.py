"""JSON Schema from a handler's type hints, and its arguments back into the hinted types."""

from .mismatch import mismatches
from .signature import ToolSignature, signature_schema

__all__ = ["ToolSignature", "mismatches", "signature_schema"]
