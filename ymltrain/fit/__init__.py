"""The stages of a whole fit: data, train, evaluate, bundle, register, promote."""
