"""`refinery up`: the stack in the foreground."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import Final

import click
import msgspec
import uvloop

from services.cli.stack import Stack, StackOptions
from services.cli.token import DATA_DEFAULT
from services.cli.tokens import AUDIT_SCOPE, sign_token
from services.runtime.lifecycle import stop_on_signals

TOKEN_LIFE: Final = timedelta(days=1)
USER: Final = "developer"
AUDITOR: Final = "auditor"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints once: where everything is, with credentials for this machine."""

    api: str
    nats: str
    mongo: str
    s3: str
    token: str
    audit_token: str
    pids: dict[str, int]


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA_DEFAULT,
    show_default=True,
    help="Directory that keeps everything.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8000,
    show_default=True,
    help="Port of the API; 0 takes a free one.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "null"]),
    default=None,
    help="What refines; local by default.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when ready.")
def up(data: Path, port: int, engine: str | None, *, as_json: bool) -> None:
    """Run the whole stack here until Ctrl-C: servers, API, worker and projector.

    Needs no root and no Docker. All data stays in one directory; a restart on it loses nothing.
    Variables REFINERY_... reach the processes.
    """
    options = StackOptions(
        data=data.absolute(),
        port=port,
        engine=engine,
        environment=dict(os.environ),
    )
    uvloop.run(_run(options, as_json=as_json))


async def _run(options: StackOptions, *, as_json: bool) -> None:
    with stop_on_signals() as stop:
        stack = await _start_unless_stopped(options, stop)
        if stack is None:
            return
        try:
            click.echo(_ready_line(stack) if as_json else _welcome(stack, options))
            await _until_stopped(stack, stop)
        finally:
            _tell("stopping ...")
            await stack.stop()
            _tell("stopped; nothing was left behind")


async def _start_unless_stopped(options: StackOptions, stop: asyncio.Event) -> Stack | None:
    """Start the stack; a signal meanwhile undoes what was started."""
    starting = asyncio.create_task(Stack.start(options, tell=_tell))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if starting.done():
        return starting.result()
    _tell("stopping ...")
    starting.cancel()
    await asyncio.wait({starting})
    _tell("stopped; nothing was left behind")
    return None


async def _until_stopped(stack: Stack, stop: asyncio.Event) -> None:
    supervising = asyncio.create_task(stack.supervise())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({supervising, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not supervising.done():
        supervising.cancel()
        await asyncio.wait({supervising})
        return
    failure = supervising.exception()
    if isinstance(failure, ExceptionGroup):
        raise failure.exceptions[0] from failure
    if failure is not None:
        raise failure


def _token(stack: Stack, user: str, *scopes: str) -> str:
    secret = stack.servers.credentials.jwt_secret
    return sign_token(user, secret=secret, life=TOKEN_LIFE, scopes=scopes)


def _ready_line(stack: Stack) -> str:
    addresses, credentials = stack.servers.addresses, stack.servers.credentials
    scheme, _, host = addresses.s3_endpoint.partition("://")
    observer = stack.nats_observer()
    keys = f"{credentials.s3_access_key}:{credentials.s3_secret_key}"
    nats = observer.url.replace("://", f"://{observer.user}:{observer.password.reveal()}@")
    ready = Ready(
        api=stack.api,
        nats=nats,
        mongo=addresses.mongo_api_url,
        s3=f"{scheme}://{keys}@{host}/{addresses.s3_bucket}",
        token=_token(stack, USER),
        audit_token=_token(stack, AUDITOR, AUDIT_SCOPE),
        pids=stack.pids,
    )
    return msgspec.json.encode(ready).decode()


def _welcome(stack: Stack, options: StackOptions) -> str:
    return f"""
The service is ready at {stack.api}

  export TOKEN={_token(stack, USER)}

  refinery submit PICTURE "more minimalist, lighter shades of brown" --wait --data {options.data}
  curl -H "Authorization: Bearer $TOKEN" {stack.api}/api/tasks/TASK_ID

Data and logs are in {options.data}; Ctrl-C stops everything.
"""


def _tell(line: str) -> None:
    click.echo(line, err=True)
