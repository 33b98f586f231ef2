"""Ways to get tokens."""
