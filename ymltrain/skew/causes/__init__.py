"""Why served values differ from expected ones: hypotheses fitted to both, and the one that explains most with least."""
