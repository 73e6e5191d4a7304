"""Training-serving skew: profiles, their comparison, the replay of a serving log, causes, and one verdict."""
