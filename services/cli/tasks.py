"""`refinery watch` and `refinery cancel`: what a user does with a task that is there."""

from pathlib import Path

import click
import uvloop
from rich.console import Console

from services.cli.display import Following
from services.cli.signing_in import as_user, client_of, options_of
from services.cli.uploads import require_writable
from services.cli.watching import take_result, watch_to_end


@click.command()
@click.argument("task_id")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the refined picture here.",
)
@as_user
def watch(task_id: str, *, output: Path | None, user: str, data: Path) -> None:
    """Follow the task TASK_ID to its end, and print where the refined picture is.

    Fails if the task does. Ctrl-C ends the watching, not the task.
    """
    if output is not None:
        require_writable(output)
    uvloop.run(_watch(task_id, user=user, data=data, save=output))


@click.command()
@click.argument("task_id")
@as_user
def cancel(task_id: str, *, user: str, data: Path) -> None:
    """Stop the task TASK_ID: no result of it will be recorded.

    Fails if the task has ended already.
    """
    uvloop.run(_cancel(task_id, user=user, data=data))


async def _watch(task_id: str, *, user: str, data: Path, save: Path | None) -> None:
    async with client_of(user, data) as client:
        with Following(Console(stderr=True), title="looking") as display:
            task = await watch_to_end(client, task_id, display, options=options_of(user, data))
        await take_result(client, task, save=save)


async def _cancel(task_id: str, *, user: str, data: Path) -> None:
    async with client_of(user, data) as client:
        task = await client.cancel(task_id)
    click.echo(f"{task.task_id} is {task.status}")
