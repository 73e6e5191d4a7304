"""Pass 11: rules across nodes, one room for each part of a recipe."""
