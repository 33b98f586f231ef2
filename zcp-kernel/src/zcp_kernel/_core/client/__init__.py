"""The parts of the client session."""
