"""Holds a request until its task has moved, woken by the log."""

import asyncio
from collections.abc import Callable

from events.codec import decode
from events.task import Status, Task, evolve
from services.api.feed import FeedClosed, TaskFeed
from services.api.seats import NoSeat, Seats
from services.api.task_reader import TaskNotFound, TaskReader


class TaskWaits:
    """Waits for tasks, on behalf of their owners."""

    def __init__(self, *, reader: TaskReader, feed: TaskFeed, seats: Seats) -> None:
        self._reader = reader
        self._feed = feed
        self._seats = seats

    async def until_moved(self, task: Task, *, wait_s: float) -> Task | None:
        """The task once anything has happened to it, or as it is after `wait_s`.

        Returns:
            None if there is no room to wait: answer at once, and do not say that it was waited.

        Raises:
            TaskNotFound: it was removed meanwhile.
        """
        return await self._until(task, lambda now: now.position != task.position, wait_s=wait_s)

    async def until_ended(self, task: Task, *, wait_s: float) -> Task | None:
        """The task once it has ended, or as it is after `wait_s`; None and errors as above."""
        return await self._until(task, lambda _: False, wait_s=wait_s)

    async def _until(
        self, task: Task, is_awaited: Callable[[Task], bool], *, wait_s: float
    ) -> Task | None:
        try:
            with self._seats.take(task.user_key):
                task = await self._watch(task, is_awaited, wait_s=wait_s)
        except NoSeat:
            return None
        if task.status is Status.REMOVED:
            raise TaskNotFound(task.task_id)
        return task

    async def _watch(
        self, task: Task, is_awaited: Callable[[Task], bool], *, wait_s: float
    ) -> Task:
        ends_at = asyncio.get_running_loop().time() + wait_s
        with self._feed.watch(task.task_id) as watch:
            # What happened before the watch began, it does not tell.
            task = await self._reader.refresh(task)
            while task.status.is_active and not is_awaited(task):
                left_s = ends_at - asyncio.get_running_loop().time()
                if left_s <= 0:
                    break
                try:
                    news = await watch.news(wait_s=left_s)
                except FeedClosed:
                    break
                for stored in news.events:
                    task = evolve(task, decode(stored)) or task
                if news.may_lack:
                    task = await self._reader.refresh(task)
        return task
