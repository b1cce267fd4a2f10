"""`refinery tasks`, `watch` and `cancel`: what a user does with tasks that are there."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import uvloop
from rich.console import Console

from events.task import Status
from services.cli.client import ListedTask
from services.cli.display import Following
from services.cli.signing_in import as_user, client_of, options_of
from services.cli.uploads import require_writable
from services.cli.watching import take_result, watch_to_end

LIMIT_MAX: Final = 1000
LIMIT_DEFAULT: Final = 10
_STATUSES: Final = [status.value for status in Status if status is not Status.REMOVED]
_STATUS_WIDTH: Final = max(map(len, _STATUSES))


@click.command()
@click.option(
    "--status",
    "statuses",
    type=click.Choice(_STATUSES),
    multiple=True,
    help="Only tasks in this status; repeatable.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, LIMIT_MAX),
    default=LIMIT_DEFAULT,
    show_default=True,
    help="How many at most.",
)
@as_user
def tasks(statuses: tuple[str, ...], *, limit: int, user: str, data: Path) -> None:
    """List a user's tasks, newest first.

    A line each: id, status, local time of the request, prompt.
    """
    uvloop.run(_list(statuses, limit=limit, user=user, data=data))


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
    """Follow the task TASK_ID to its end.

    Prints where the refined picture is, and fails if the task does. Ctrl-C ends the watching, not
    the task.
    """
    if output is not None:
        require_writable(output)
    uvloop.run(_watch(task_id, user=user, data=data, save=output))


@click.command()
@click.argument("task_id")
@as_user
def cancel(task_id: str, *, user: str, data: Path) -> None:
    """Stop the task TASK_ID.

    No result of it will be recorded. Fails if the task has ended already.
    """
    uvloop.run(_cancel(task_id, user=user, data=data))


async def _list(statuses: Sequence[str], *, limit: int, user: str, data: Path) -> None:
    async with client_of(user, data) as client:
        listed, has_more = await client.tasks(statuses=statuses, limit=limit)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for task in listed:
        click.echo(_line(task)[:width])
    if not listed:
        click.echo("no tasks", err=True)
    elif has_more:
        click.echo(f"and older ones: --limit shows up to {LIMIT_MAX}", err=True)


def _line(task: ListedTask) -> str:
    # What a prompt holds is shown, never obeyed by the terminal.
    prompt = "".join(one if one.isprintable() else " " for one in task.metadata.refinement_prompt)
    time = task.created_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return f"{task.task_id}  {task.status:{_STATUS_WIDTH}}  {time}  {prompt}"


async def _watch(task_id: str, *, user: str, data: Path, save: Path | None) -> None:
    async with client_of(user, data) as client:
        with Following(Console(stderr=True), title="looking") as display:
            task = await watch_to_end(client, task_id, display, options=options_of(user, data))
        await take_result(client, task, save=save)


async def _cancel(task_id: str, *, user: str, data: Path) -> None:
    async with client_of(user, data) as client:
        task = await client.cancel(task_id)
    click.echo(f"{task.task_id} is {task.status}")
