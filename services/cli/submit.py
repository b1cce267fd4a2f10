"""`refinery submit`: send a picture and an instruction to the running stack, as a user would."""

from collections.abc import Mapping
from pathlib import Path

import click
import uvloop
from rich.console import Console
from rich.markup import escape

from services.cli.client import TaskAnswer
from services.cli.display import Following
from services.cli.signing_in import as_user, client_of, options_of
from services.cli.stack import find_running
from services.cli.token import credentials_of
from services.cli.uploads import require_writable, upload
from services.cli.watching import take_result, watch_to_end
from services.runtime.settings import S3Settings, Secret


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
@as_user
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
    the task and fails if it does. Ctrl-C ends the waiting, not the task.
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
    last: TaskAnswer | None = None
    async with client_of(user, data) as client:
        with Following(Console(stderr=True), title="asking") as display:
            url = picture
            if not picture.startswith(("http://", "https://")):
                display.doing("uploading")
                url = await upload(Path(picture), _s3_settings(data))
                display.say(escape(f"uploaded {picture}"))
            task = await client.refine({"original_image_url": url, **wish})
            display.doing("accepted")
            display.result(task.task_id)
            if is_waiting:
                last = await watch_to_end(
                    client, task.task_id, display, options=options_of(user, data)
                )
        if last is not None:
            await take_result(client, last, save=save)


def _s3_settings(data: Path) -> S3Settings:
    running, credentials = find_running(data), credentials_of(data)
    return S3Settings(
        endpoint=running.s3_endpoint,
        bucket=running.s3_bucket,
        access_key=Secret(credentials.s3_access_key),
        secret_key=Secret(credentials.s3_secret_key),
    )
