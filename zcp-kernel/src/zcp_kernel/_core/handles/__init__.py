"""Large results that stay on the server and are read piece by piece."""
