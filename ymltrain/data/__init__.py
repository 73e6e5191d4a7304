"""From a table to encoded arrays: reading, splits, encoders and their state, the target, the loader."""
