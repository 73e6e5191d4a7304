"""Optuna's samplers for ymltrain."""
