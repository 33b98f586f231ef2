"""Playing cases on surfaces, and counting what a model API would be sent and would answer."""
