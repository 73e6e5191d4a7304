"""`python -m ymltrain` is `ymltrain`."""

from ymltrain.cli.main import main

main()
