"""From encoded rows and a Plan to trained weights."""
