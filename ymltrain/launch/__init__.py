"""A Plan to where it runs: the processes that train it, watched, stopped and started again."""
