"""Errors on the command line: one line for what a user can act on, a traceback for our bugs."""

import sys
from collections.abc import Callable
from typing import Final

import click

from events.codec import UnreadableEvent
from events.log import LogError
from projections.indexes import ViewsMismatch
from projections.store import ViewsUnavailable
from services.adapters.storage import StorageError
from services.embedded.errors import EmbeddedError
from services.refinement.failures import RefinementFailure
from services.runtime.environment import InvalidSettings
from services.runtime.lifecycle import CannotServe

EXIT_FAILED: Final = 1
EXIT_INTERRUPTED: Final = 130


class CommandFailed(Exception):
    """A command could not do what it was asked to; the message is for the user.

    `code` is for programs, where the command tells them of its outcome.
    """

    def __init__(self, message: str, *, code: str = "failed") -> None:
        super().__init__(message)
        self.code = code


_EXPECTED: Final = (
    CannotServe,
    CommandFailed,
    EmbeddedError,
    LogError,
    StorageError,
    RefinementFailure,
    UnreadableEvent,
    ViewsMismatch,
    ViewsUnavailable,
)


def run_reporting_errors(command: Callable[..., object]) -> None:
    """Run a click command and turn expected errors into one line on standard error."""
    try:
        command()
    except InvalidSettings as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
        sys.exit(EXIT_FAILED)
    except _EXPECTED as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(EXIT_FAILED)
