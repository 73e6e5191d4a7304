"""Built-in plugins: model."""
