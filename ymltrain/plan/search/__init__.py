"""What a search looks through and how long: domains, the space, constraints, the search as a Plan holds it."""
