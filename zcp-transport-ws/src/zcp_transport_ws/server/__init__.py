"""The server's side: letting sockets in and serving them."""
