"""The token endpoint: who asks, with what proof, and what it answers."""
