"""Built-in plugins: metric."""
