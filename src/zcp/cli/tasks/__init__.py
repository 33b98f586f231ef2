"""`zcp tasks`: at a server, and in a store."""
