"""JSON Schema in the subset that Structured Outputs take, and the way back.

Source: OpenAI, Structured Outputs, "Supported schemas".
"""

from .compiler import OpenAIStrictSchemaCompiler, StrictSchema

__all__ = ["OpenAIStrictSchemaCompiler", "StrictSchema"]
