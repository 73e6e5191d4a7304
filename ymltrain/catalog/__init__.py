"""Installed plugins: found without importing, loaded when a recipe names them."""
