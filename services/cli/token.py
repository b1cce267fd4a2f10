"""`refinery token`: a bearer token for the embedded stack."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from services.cli.errors import CommandFailed
from services.cli.tokens import sign_token
from services.embedded.credentials import Credentials, load

DATA_DEFAULT: Final = Path("refinery-data")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LIFE: Final = re.compile(r"([1-9][0-9]{0,6})([smhd])")


class Life(click.ParamType[timedelta]):
    """A span of time such as 90s, 15m, 12h or 30d."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Parse it."""
        if isinstance(value, timedelta):
            return value
        match = _LIFE.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration such as 90s, 15m, 12h or 30d", param, ctx)
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def credentials_of(data: Path) -> Credentials:
    """The secrets of the stack on a data directory.

    Raises:
        CommandFailed: no stack has run on it, or it cannot be read.
    """
    try:
        credentials = load(data)
    except OSError as error:
        raise CommandFailed(f"{data} cannot be read: {error.strerror}") from error
    if credentials is None:
        raise CommandFailed(
            f"no stack has run on {data}: start one with `refinery up --data {data}`, "
            "or name its directory with --data"
        )
    return credentials


@click.command()
@click.option("--user", required=True, help="Whose token: the `sub` claim.")
@click.option("--scope", "scopes", multiple=True, help="A scope, such as audit:read; repeatable.")
@click.option("--ttl", "life", type=Life(), default="24h", show_default=True, help="Its life.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA_DEFAULT,
    show_default=True,
    help="The stack's data directory.",
)
def token(user: str, scopes: tuple[str, ...], life: timedelta, data: Path) -> None:
    """Print a bearer token, signed with the embedded stack's own key."""
    if not user:
        raise CommandFailed("a token needs a user: --user must not be empty")
    credentials = credentials_of(data)
    click.echo(sign_token(user, secret=credentials.jwt_secret, life=life, scopes=scopes))
