"""The `refinery` command."""


def main() -> None:
    """Run the command line."""
