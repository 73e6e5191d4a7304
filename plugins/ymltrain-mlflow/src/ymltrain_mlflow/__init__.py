"""MLflow for ymltrain."""
