"""How a user gets to the authorization server, and back."""
