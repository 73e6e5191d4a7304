"""Built-in plugins: registry."""
