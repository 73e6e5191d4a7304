"""Built-in plugins: loss."""
