"""How commands that write for long end early: Ctrl-C, or a reader that has had enough."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

from services.cli.errors import EXIT_INTERRUPTED

EXIT_BROKEN_PIPE: Final = 141


@contextmanager
def ending_early(advice: Callable[[], str] = str) -> Iterator[None]:
    """No traceback, and the exit code that a shell expects; who interrupts is given advice."""
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt as interrupt:
        if text := advice():
            click.echo(text, err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from interrupt
    except BrokenPipeError as broken:
        # What is still buffered would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(EXIT_BROKEN_PIPE) from broken
