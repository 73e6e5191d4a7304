"""The compiler: a list of passes from recipe files to a Plan."""
