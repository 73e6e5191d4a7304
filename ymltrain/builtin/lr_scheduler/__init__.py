"""Built-in plugins: lr_scheduler."""
