"""Holds a request until its task has moved, woken by the log."""

import asyncio
from collections.abc import Callable

from litestar.types import Receive

from events.codec import decode
from events.task import Status, Task, evolve
from services.api.departures import calling_when_gone
from services.api.feed import FeedClosed, TaskFeed, Watch
from services.api.seats import NoSeat, Seats
from services.api.task_reader import TaskNotFound, TaskReader


class TaskWaits:
    """Waits for tasks, on behalf of their owners, for as long as these are there.

    `receive` is that of the request, whose body is not needed any more: when the client goes away,
    the waiting ends, and with it what it costs.
    """

    def __init__(self, *, reader: TaskReader, feed: TaskFeed, seats: Seats) -> None:
        self._reader = reader
        self._feed = feed
        self._seats = seats

    async def until_moved(self, task: Task, *, wait_s: float, receive: Receive) -> Task | None:
        """The task once anything has happened to it, or as it is after `wait_s`.

        Returns:
            None if there is no room to wait: answer at once, and do not say that it was waited.

        Raises:
            TaskNotFound: it was removed meanwhile.
        """
        return await self._until(
            task, lambda now: now.position != task.position, wait_s=wait_s, receive=receive
        )

    async def until_ended(self, task: Task, *, wait_s: float, receive: Receive) -> Task | None:
        """The task once it has ended, or as it is after `wait_s`; None and errors as above."""
        return await self._until(task, lambda _: False, wait_s=wait_s, receive=receive)

    async def _until(
        self, task: Task, is_awaited: Callable[[Task], bool], *, wait_s: float, receive: Receive
    ) -> Task | None:
        try:
            with self._seats.take(task.user_key), self._feed.watch(task.task_id) as watch:
                async with calling_when_gone(receive, watch.close):
                    task = await self._follow(watch, task, is_awaited, wait_s=wait_s)
        except NoSeat:
            return None
        if task.status is Status.REMOVED:
            raise TaskNotFound(task.task_id)
        return task

    async def _follow(
        self, watch: Watch, task: Task, is_awaited: Callable[[Task], bool], *, wait_s: float
    ) -> Task:
        ends_at = asyncio.get_running_loop().time() + wait_s
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
