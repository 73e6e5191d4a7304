"""What `docs/build.py` is made of: one module a page, and the checks of links and examples."""
