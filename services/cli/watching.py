"""Watches a task for somebody at a terminal, says how it ended, and what to do when they leave."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from services.cli.client import ApiClient, TaskAnswer
from services.cli.display import Following
from services.cli.errors import CommandFailed
from services.cli.following import Follower
from services.cli.uploads import write_picture


async def watch_to_end(
    client: ApiClient, task_id: str, display: Following, *, options: str
) -> TaskAnswer:
    """The task once it has ended, told of until then.

    Whoever interrupts stops watching, and nothing else; `options` are those that other commands
    need to find the task again.

    Raises:
        CommandFailed: it is not there, or the API could not be reached for a minute.
    """
    last: TaskAnswer | None = None
    try:
        async with aclosing(Follower(client, task_id).moments()) as moments:
            async for moment in moments:
                if isinstance(moment, TaskAnswer):
                    last = moment
                    display.say(escape(moment.message))
                else:
                    display.show(moment)
    except asyncio.CancelledError:
        display.note(f"{task_id} goes on without you")
        display.note(f"  to follow it again:  refinery watch {task_id}{options}")
        display.note(f"  to stop it:          refinery cancel {task_id}{options}")
        raise
    assert last is not None
    return last


async def take_result(client: ApiClient, task: TaskAnswer, *, save: Path | None) -> None:
    """Print where the result of a task is, or save it there; and what was not done.

    Raises:
        CommandFailed: the task did not complete, or its picture cannot be read or written.
    """
    if task.status != "completed" or task.image_url is None:
        reason = f": {task.error_message}" if task.error_message else ""
        raise CommandFailed(f"{task.task_id} is {task.status}{reason}")
    for line in _left_undone(task.result):
        click.echo(line, err=True)
    if save is None:
        click.echo(task.image_url)
    else:
        write_picture(save, await client.download(task.image_url))
        click.echo(str(save))


def _left_undone(result: Mapping[str, Any]) -> Iterator[str]:
    """What the plan of a finished task says was not done, a line each."""
    plan = result.get("plan") or {}
    for skipped in plan.get("skipped", ()):
        yield f"not done: {skipped.get('phrase') or skipped.get('operation')}: {skipped['reason']}"
    for phrase in plan.get("unmatched", ()):
        yield f"not understood: {phrase}"
