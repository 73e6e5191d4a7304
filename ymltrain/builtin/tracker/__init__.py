"""Built-in plugins: tracker."""
