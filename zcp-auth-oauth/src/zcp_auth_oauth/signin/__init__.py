"""How users sign in at the authorization server."""
