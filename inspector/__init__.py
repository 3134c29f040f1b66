"""Hooktap's inspector: everything but the terminal."""

__version__ = "0.1.0"
