"""What a client remembers of its server: responses, and views of the catalogue."""
