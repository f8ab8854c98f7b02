"""The front door: the `vigie` command."""

__version__ = "0.1.0"
