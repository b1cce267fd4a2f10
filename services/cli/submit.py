"""`refinery submit`: send a picture and an instruction to the running stack, as a user would."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click
import uvloop
from rich.console import Console

from services.cli.client import ApiClient, TaskAnswer
from services.cli.display import Steps
from services.cli.errors import CommandFailed
from services.cli.stack import RunningStack, find_running
from services.cli.token import DATA_DEFAULT, credentials_of
from services.cli.tokens import sign_token
from services.cli.uploads import require_writable, upload, write_picture
from services.embedded.credentials import Credentials
from services.runtime.settings import S3Settings, Secret

TOKEN_LIFE: Final = timedelta(hours=1)
STEPS: Final = 3


@click.command()
@click.argument("picture", metavar="IMAGE_OR_URL")
@click.argument("prompt")
@click.option("--wait", is_flag=True, help="Follow the task to its end.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Wait, and save the refined picture here.",
)
@click.option("--engine", help="The engine to ask for, where the service offers a choice.")
@click.option("--user", default="developer", show_default=True, help="In whose name.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA_DEFAULT,
    show_default=True,
    help="Data directory of the running stack.",
)
def submit(
    picture: str,
    prompt: str,
    *,
    wait: bool,
    output: Path | None,
    engine: str | None,
    user: str,
    data: Path,
) -> None:
    """Ask the running stack to refine IMAGE_OR_URL as PROMPT says.

    A local picture is uploaded to the object store first. Prints the task's id; with --wait follows
    the task and fails if it does.
    """
    if output is not None:
        require_writable(output)
    wish = {"refinement_prompt": prompt}
    if engine is not None:
        wish["engine"] = engine
    uvloop.run(
        _submit(picture, wish, user=user, data=data, is_waiting=wait or bool(output), save=output)
    )


async def _submit(
    picture: str,
    wish: Mapping[str, str],
    *,
    user: str,
    data: Path,
    is_waiting: bool,
    save: Path | None,
) -> None:
    """Ask for what `wish` says, the fields of a request but for the picture's URL."""
    running = find_running(data)
    credentials = credentials_of(data)
    console = Console(stderr=True)
    token = sign_token(user, secret=credentials.jwt_secret, life=TOKEN_LIFE)
    with Steps(console, title="refining", total=STEPS) as steps:
        url = picture
        if not picture.startswith(("http://", "https://")):
            url = await upload(Path(picture), _s3_settings(running, credentials))
            steps.done(f"uploaded {picture}")
        async with ApiClient(api=running.api, token=token) as client:
            task = await client.refine({"original_image_url": url, **wish})
            click.echo(task.task_id)
            if is_waiting:
                await _follow(client, task, steps, save)


async def _follow(client: ApiClient, task: TaskAnswer, steps: Steps, save: Path | None) -> None:
    last = task
    async for last in client.watch(task.task_id):
        steps.done(last.message)
    if last.status != "completed" or last.image_url is None:
        reason = last.error_message or last.status
        raise CommandFailed(f"{last.task_id} is {last.status}: {reason}")
    for line in _left_undone(last.result):
        click.echo(line, err=True)
    if save is None:
        click.echo(last.image_url)
    else:
        write_picture(save, await client.download(last.image_url))
        click.echo(str(save))


def _left_undone(result: Mapping[str, Any]) -> Iterator[str]:
    """What the plan of a finished task says was not done, a line each."""
    plan = result.get("plan") or {}
    for skipped in plan.get("skipped", ()):
        yield f"not done: {skipped.get('phrase') or skipped.get('operation')}: {skipped['reason']}"
    for phrase in plan.get("unmatched", ()):
        yield f"not understood: {phrase}"


def _s3_settings(running: RunningStack, credentials: Credentials) -> S3Settings:
    return S3Settings(
        endpoint=running.s3_endpoint,
        bucket=running.s3_bucket,
        access_key=Secret(credentials.s3_access_key),
        secret_key=Secret(credentials.s3_secret_key),
    )
