"""Authorization for ZCP servers: authorization server, resource server and client."""
