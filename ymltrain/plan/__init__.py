"""The object file: the Plan, its parts, and the events of running it."""
