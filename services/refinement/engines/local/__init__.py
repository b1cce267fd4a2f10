"""The local engine: reads an instruction, plans typed operations, and edits the logo's palette."""

from typing import Final

NAME: Final = "local"
VERSION: Final = "3"
