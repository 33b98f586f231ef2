"""The servers that are compared: the same functions, registered as each one's users do."""
