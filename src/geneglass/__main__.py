"""`python -m geneglass`."""

from geneglass.cli import main

main()
