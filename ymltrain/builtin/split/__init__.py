"""Built-in plugins: split."""
