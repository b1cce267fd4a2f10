"""Finds one task of one user: in the views, or in the log where the views do not have it."""

from events.ids import is_task_id
from events.log import EventLog
from events.task import Status, Task, fold
from projections.store import TaskViews, ViewsUnavailable


class TaskNotFound(Exception):
    """The user has no such task; whether anybody else has, nobody is told."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"the user has no task {task_id}")
        self.task_id = task_id


class TaskReader:
    """Reads tasks for their owners."""

    def __init__(self, *, log: EventLog, views: TaskViews) -> None:
        self._log = log
        self._views = views

    async def find(self, task_id: str, *, user_key: str) -> Task:
        """One task of one user.

        The views follow the log with a delay, so what they do not have is read from the log:
        a task is found from the moment its 202 left.

        Raises:
            TaskNotFound: malformed, unknown, removed, or another user's.
            LogUnavailable: neither the views nor the log can tell.
        """
        if not is_task_id(task_id):
            raise TaskNotFound(task_id)
        task: Task | None = None
        try:
            task = await self._views.find(user_key=user_key, task_id=task_id)
        except ViewsUnavailable:
            # Readiness reports it; the log has the same answer.
            task = None
        if task is None:
            reading = await self._log.read_task(user_key=user_key, task_id=task_id)
            task = fold(reading.events) if reading is not None else None
        if task is None or task.status is Status.REMOVED:
            raise TaskNotFound(task_id)
        return task
