"""The embedded store: one SQLite file, which several processes may share."""
