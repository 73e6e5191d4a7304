"""A run on disk: what it was, what it logged, what became of it."""
