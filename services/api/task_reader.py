"""Finds one task of one user: in the views, and in the log where the views may be behind."""

from events.ids import is_task_id
from events.log import EventLog, LogUnavailable
from events.task import Status, Task, evolve, fold
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

        The views follow the log with a delay, so what they say is held against the task's last
        event: what was told once is never taken back, whichever of the two told it. A task is found
        from the moment its 202 left, and not found from the moment that its removal was answered.

        Raises:
            TaskNotFound: malformed, unknown, removed, or another user's.
            LogUnavailable: neither the views nor the log can tell.
        """
        if not is_task_id(task_id):
            raise TaskNotFound(task_id)
        task = await self._view_of(task_id, user_key=user_key)
        if task is None:
            reading = await self._log.read_task(user_key=user_key, task_id=task_id)
            task = fold(reading.events) if reading is not None else None
        else:
            task = await self.refresh(task)
        if task is None or task.status is Status.REMOVED:
            raise TaskNotFound(task_id)
        return task

    async def _view_of(self, task_id: str, *, user_key: str) -> Task | None:
        try:
            return await self._views.find(user_key=user_key, task_id=task_id)
        except ViewsUnavailable:
            # Readiness reports it; the log has the same answer.
            return None

    async def refresh(self, task: Task) -> Task:
        """A task as it stands now: its last event says all that has changed."""
        try:
            last = await self._log.read_last(user_key=task.user_key, task_id=task.task_id)
        except LogUnavailable:
            # A view that is a moment old is better than no answer at all.
            return task
        if last is None:
            return task
        return evolve(task, last) or task
