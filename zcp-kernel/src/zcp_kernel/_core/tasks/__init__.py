"""The task engine: work that outlives the request that started it."""
