"""Lists one user's tasks: a page of the views, brought up to date with the tail of the log."""

from typing import Final

import msgspec

from events.log import EventLog
from events.task import Task
from projections.store import TaskViews
from projections.task_views import fold_batch
from services.api.list_requests import ListRequest

TAIL_EVENTS_MAX: Final = 200


class ViewsBehind(Exception):
    """The views lack so much of a user's desk that a list would take too long to make right."""

    def __init__(self, *, events_max: int) -> None:
        super().__init__(f"the views lack more than {events_max} events of the desk")
        self.events_max = events_max
        self.reason = "views_behind"


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks, newest first, and whether more lie behind them."""

    tasks: tuple[Task, ...]
    has_more: bool


class TaskListing:
    """Lists tasks for their owners."""

    def __init__(
        self, *, log: EventLog, views: TaskViews, tail_events_max: int = TAIL_EVENTS_MAX
    ) -> None:
        self._log = log
        self._views = views
        self._tail_events_max = tail_events_max

    async def page(self, request: ListRequest, *, user_key: str) -> TaskPage:
        """A page of one user's tasks, as they were when it was asked for or later.

        The views hold every event up to their checkpoint, and the tail of the desk holds what came
        behind it. So the checkpoint is read first, then the tail, and the views last: no task is
        missing whose 202 has left, and what was told once is not taken back. A task that the tail
        has moved is told from the tail alone, so none is there twice.

        Raises:
            ViewsUnavailable: the views cannot tell.
            LogUnavailable: the log cannot tell what the views lack.
            ViewsBehind: they lack too much.
        """
        moved = await self._moved(user_key)
        # As many more as the tail may take away, and one to know whether there is a next page.
        listed = await self._views.list_tasks(
            user_key=user_key,
            statuses=request.statuses,
            before=request.before,
            limit=request.limit + len(moved) + 1,
        )
        tasks = [task for task in listed if task.task_id not in moved]
        tasks.extend(task for task in moved.values() if request.admits(task))
        tasks.sort(key=lambda task: task.requested_position, reverse=True)
        return TaskPage(tasks=tuple(tasks[: request.limit]), has_more=len(tasks) > request.limit)

    async def _moved(self, user_key: str) -> dict[str, Task]:
        """The tasks that the tail has moved beyond their views, by task id; mostly none."""
        checkpoint = await self._views.read_checkpoint()
        after = 0 if checkpoint is None else checkpoint.position
        bound = self._tail_events_max
        tail = await self._log.read_desk_tail(user_key, after=after, limit=bound + 1)
        if len(tail) > bound:
            raise ViewsBehind(events_max=bound)
        # Also of those that the tail begins: their views may be ahead of it by now.
        views = await self._views.load({recorded.task_id for recorded in tail})
        return {task.task_id: task for task in fold_batch(views, tail)}
