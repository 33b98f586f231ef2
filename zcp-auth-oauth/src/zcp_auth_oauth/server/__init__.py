"""The authorization server: who may have which token."""
