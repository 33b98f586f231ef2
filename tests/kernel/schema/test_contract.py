"""Both engines keep the contract of schema engines."""

from zcp_kernel.testing.schema_engine import SchemaEngineContract


class TestEngines(SchemaEngineContract):
    """The fixture `engine` gives each in turn."""
