"""Built-in plugins: datasource."""
