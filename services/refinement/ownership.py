"""Whether a task is still the worker's own: watched while it works, so that it stops when not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from events.codec import UnreadableEvent
from events.log import EventLog, LogError
from events.task import Task

WATCH_S: Final = 0.4


class TaskLost(Exception):
    """The task belongs to a newer attempt, or has ended, or its owner has stopped it."""


@asynccontextmanager
async def while_owned(log: EventLog, owned: Task) -> AsyncIterator[None]:
    """Cancel what is inside soon after anything follows on what `owned` was folded from.

    That only ends work in vain early: whether a result counts is decided by the log, when it is
    appended. So a log that does not answer stops nothing.

    Raises:
        TaskLost: something followed.
    """
    until_lost = asyncio.timeout(None)
    try:
        async with until_lost:
            ended = asyncio.Event()
            watch = asyncio.create_task(_watch(log, owned, until_lost, ended))
            try:
                yield
            finally:
                # A read that is just being answered may swallow the cancellation.
                ended.set()
                watch.cancel()
    except TimeoutError as error:
        if until_lost.expired():
            raise TaskLost from error
        raise


async def _watch(
    log: EventLog, owned: Task, until_lost: asyncio.Timeout, ended: asyncio.Event
) -> None:
    is_owned = True
    while is_owned and not ended.is_set():
        await asyncio.sleep(WATCH_S)
        is_owned = await _is_owned(log, owned)
    if not ended.is_set():
        until_lost.reschedule(asyncio.get_running_loop().time())


async def _is_owned(log: EventLog, owned: Task) -> bool:
    try:
        last = await log.read_last(user_key=owned.user_key, task_id=owned.task_id)
    except UnreadableEvent:
        # Ours can be read.
        return False
    except LogError:
        return True
    return last is not None and last.position == owned.position
