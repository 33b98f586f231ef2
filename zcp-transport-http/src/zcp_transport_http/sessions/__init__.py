"""Sessions of clients that come back: minted, found, and freed."""
