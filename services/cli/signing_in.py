"""Commands in a user's name on the running stack: the options they share, and the way in."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import Any, Final

import click

from services.cli.client import ApiClient
from services.cli.stack import find_running
from services.cli.token import DATA_DEFAULT, credentials_of
from services.cli.tokens import sign_token

TOKEN_LIFE: Final = timedelta(hours=1)
USER_DEFAULT: Final = "developer"

_Command = Callable[..., Any]


def as_user(command: _Command) -> _Command:
    """Give a command the options `--user` and `--data`."""
    user = click.option("--user", default=USER_DEFAULT, show_default=True, help="In whose name.")
    data = click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=DATA_DEFAULT,
        show_default=True,
        help="Data directory of the running stack.",
    )
    return user(data(command))


def client_of(user: str, data: Path) -> ApiClient:
    """A client of the stack on a data directory, in a user's name.

    Raises:
        CommandFailed: no stack runs there.
    """
    api = find_running(data).api
    token = sign_token(user, secret=credentials_of(data).jwt_secret, life=TOKEN_LIFE)
    return ApiClient(api=api, token=token)


def options_of(user: str, data: Path) -> str:
    """What another command line needs to mean the same, as far as it is not so anyway."""
    words: list[str] = []
    if user != USER_DEFAULT:
        words += ["--user", user]
    if data != DATA_DEFAULT:
        words += ["--data", str(data)]
    return "".join(f" {quote(word)}" for word in words)
