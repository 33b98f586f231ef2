"""What is allowed: redirects, scopes, resources, registrations."""
