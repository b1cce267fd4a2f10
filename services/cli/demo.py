"""`refinery demo`: the whole service once, from an empty machine to a refined picture."""

import asyncio
import os
import shutil
import tempfile
from contextlib import aclosing
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final

import click
import uvloop
from rich.console import Console

from events.codec import decode
from events.ids import user_key_of
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_log import JetStreamLog
from services.cli.client import ApiClient, TaskAnswer, TaskProgress
from services.cli.display import Steps, text_of
from services.cli.errors import CommandFailed
from services.cli.event_lines import history_line
from services.cli.following import Follower
from services.cli.stack import Stack, StackOptions
from services.cli.tokens import sign_token
from services.cli.uploads import require_writable, upload, write_picture
from services.runtime.lifecycle import stop_on_signals

DEADLINE_S: Final = 120.0
STEPS: Final = 10
USER: Final = "demo"
REQUEST: Final = {
    "refinement_prompt": "Make the logo more minimalist and use lighter shades of brown",
    "logo_description": "A modern coffee shop logo with coffee beans",
    "theme_description": "Warm brown tones, natural feeling",
}
TOKEN_LIFE: Final = timedelta(minutes=10)


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Directory for the pictures.",
)
def demo(output: Path) -> None:
    """Start the real stack, refine a sample logo, show its life, stop.

    Everything but the two pictures is in a temporary directory, which is kept only if something
    went wrong.
    """
    data = Path(tempfile.mkdtemp(prefix="refinery-demo-"))
    try:
        uvloop.run(_interruptible(data, output))
    except BaseException:
        click.echo(f"data and logs are kept in {data}", err=True)
        raise
    shutil.rmtree(data)


async def _interruptible(data: Path, output: Path) -> None:
    with stop_on_signals() as stop:
        running = asyncio.create_task(_run(data, output))
        stopping = asyncio.create_task(stop.wait())
        try:
            async with asyncio.timeout(DEADLINE_S):
                await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError as error:
            raise CommandFailed(f"the demo did not end within {DEADLINE_S:.0f} s") from error
        finally:
            stopping.cancel()
            if not running.done():
                running.cancel()
                await asyncio.wait({running})
        if stop.is_set() and running.cancelled():
            raise KeyboardInterrupt
        running.result()


async def _run(data: Path, output: Path) -> None:
    console = Console()
    options = StackOptions(data=data, port=0, engine=None, environment=dict(os.environ))
    with Steps(console, title="starting", total=STEPS) as steps:
        stack = await Stack.start(options, tell=steps.done)
        try:
            steps.done(f"the service is ready at {stack.api}")
            await _refine(stack, steps, output, console)
        finally:
            steps.doing("stopping")
            await stack.stop()
        steps.done("stopped everything it had started")


async def _refine(stack: Stack, steps: Steps, output: Path, console: Console) -> None:
    steps.doing("refining")
    sample = Path(str(files("services.cli").joinpath("sample", "coffee-logo.png")))
    url = await upload(sample, stack.s3_settings())
    steps.done("uploaded a sample logo to the object store")
    secret = stack.servers.credentials.jwt_secret
    token = sign_token(USER, secret=secret, life=TOKEN_LIFE)
    async with ApiClient(api=stack.api, token=token) as client:
        task = await client.refine({"original_image_url": url, **REQUEST})
        steps.done(f"posted: “{REQUEST['refinement_prompt']}”")
        async with aclosing(Follower(client, task.task_id).moments()) as moments:
            async for moment in moments:
                if isinstance(moment, TaskProgress):
                    steps.doing(text_of(moment))
                else:
                    task = moment
                    steps.done(f"{task.task_id} is [bold]{task.status}[/bold]")
        if task.status != "completed" or task.image_url is None:
            raise CommandFailed(f"the task is {task.status}: {task.error_message}")
        steps.doing("saving the pictures")
        before, after = _save(output, sample, await client.download(task.image_url))
    places = f"\nbefore  {before}\nafter   {after}\nURL     {task.image_url}\n"
    history = await _history(stack, task)
    console.print(f"{history}\n{places}", soft_wrap=True, highlight=False, markup=False)


def _save(output: Path, sample: Path, refined: bytes) -> tuple[Path, Path]:
    before, after = output / "coffee-logo-before.png", output / "coffee-logo-after.png"
    require_writable(after)
    write_picture(before, sample.read_bytes())
    write_picture(after, refined)
    return before, after


async def _history(stack: Stack, task: TaskAnswer) -> str:
    """The task's events as the log has them, a line each."""
    connection = await JetStreamConnection.open(stack.nats_observer(), name="demo")
    try:
        user_key = user_key_of(USER, secret=stack.servers.credentials.user_key_secret.encode())
        stored = await JetStreamLog(connection).read_history(
            user_key=user_key, task_id=task.task_id
        )
    finally:
        await connection.close()
    lines = ["", "The task's history in the log (position, time, event, producer):"]
    lines.extend(history_line(decode(one)) for one in stored)
    return "\n".join(lines)
