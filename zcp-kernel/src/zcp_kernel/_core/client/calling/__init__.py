"""One call of an operation: how it is sent, and what has to be answered before it goes through."""
