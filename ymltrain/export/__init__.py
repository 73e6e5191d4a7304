"""A trained model as a program for others: made, held against the golden rows, and only then left behind."""
