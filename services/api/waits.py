"""Holds a request until its task has moved, woken by the log."""

import asyncio
from collections.abc import Callable

import msgspec
from litestar.types import Receive

from events.codec import decode
from events.task import Status, Task, evolve
from services.api.departures import calling_when_gone
from services.api.feed import FeedClosed, TaskFeed, Watch
from services.api.seats import NoSeat, Seats
from services.api.task_reader import TaskNotFound, TaskReader


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """A task after a wait; `is_heeded` unless there was no room to wait, or it was cut short."""

    task: Task
    is_heeded: bool = True


class TaskWaits:
    """Waits for tasks, on behalf of their owners, for as long as these are there.

    `receive` is that of the request, whose body is not needed any more: when the client goes away,
    the waiting ends, and with it what it costs.
    """

    def __init__(self, *, reader: TaskReader, feed: TaskFeed, seats: Seats) -> None:
        self._reader = reader
        self._feed = feed
        self._seats = seats

    async def until_moved(self, task: Task, *, wait_s: float, receive: Receive) -> Waited:
        """The task once anything has happened to it, or as it is after `wait_s`.

        Raises:
            TaskNotFound: it was removed meanwhile.
        """
        return await self._until(
            task, lambda now: now.position != task.position, wait_s=wait_s, receive=receive
        )

    async def until_ended(self, task: Task, *, wait_s: float, receive: Receive) -> Waited:
        """The task once it has ended, or as it is after `wait_s`; errors as above."""
        return await self._until(task, lambda _: False, wait_s=wait_s, receive=receive)

    async def _until(
        self, task: Task, is_awaited: Callable[[Task], bool], *, wait_s: float, receive: Receive
    ) -> Waited:
        try:
            with self._seats.take(task.user_key), self._feed.watch(task.task_id) as watch:
                async with calling_when_gone(receive, watch.close):
                    waited = await self._follow(watch, task, is_awaited, wait_s=wait_s)
        except NoSeat:
            return Waited(task=task, is_heeded=False)
        if waited.task.status is Status.REMOVED:
            raise TaskNotFound(task.task_id)
        return waited

    async def _follow(
        self, watch: Watch, task: Task, is_awaited: Callable[[Task], bool], *, wait_s: float
    ) -> Waited:
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
                return Waited(task=task, is_heeded=False)
            for stored in news.events:
                task = evolve(task, decode(stored)) or task
            if news.may_lack:
                task = await self._reader.refresh(task)
        return Waited(task=task)
