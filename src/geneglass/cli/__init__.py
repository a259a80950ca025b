"""The command line: it parses, runs the same jobs as the window, and prints."""

from geneglass.cli.main import main

__all__ = ["main"]
