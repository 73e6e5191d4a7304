"""Built-in plugins: optimizer."""
