"""Built-in plugins: strategy."""
