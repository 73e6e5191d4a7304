"""The tuner section: the search space read, checked with the recipe it changes, and trials compiled from it."""
