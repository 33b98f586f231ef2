"""Where an authorization server keeps its state: in memory, or in one SQLite file."""
