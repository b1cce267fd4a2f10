"""The `refinery` command: the composition roots, and the only readers of the environment."""

from services.cli.root import main

__all__ = ["main"]
