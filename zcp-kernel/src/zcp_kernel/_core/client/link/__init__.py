"""One connection of a client, from its opening to its end."""
