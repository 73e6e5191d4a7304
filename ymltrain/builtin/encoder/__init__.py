"""Built-in plugins: encoder."""
