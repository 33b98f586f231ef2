"""JSON Schema: two engines behind `contracts.SchemaEngine`, and what both need."""
