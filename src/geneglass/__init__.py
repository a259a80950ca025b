"""geneglass: read genes through the H&E."""

__version__ = "0.1.0"
