"""What hypercorn leaves undone when a peer misbehaves, done around it."""
