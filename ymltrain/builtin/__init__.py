"""Built-in plugins, one a file; they come in through the same entry points as anyone's."""
