"""What a person or a program reads: the only code that prints or draws."""
